package password

import (
	"bytes"
	"errors"
	"strings"
	"unicode/utf8"
)

// The dictionary is one text asset, made at build time by WriteDictionary and loaded by the browser only where a
// password is chosen. Words stand in blocks: one line a block, a block holding the words of a range of ranks that grows by
// a quarter each time, in alphabetical order and front-coded. That keeps ranks within a quarter and makes the compressed
// asset a quarter smaller than a plain list.
//
//	latchkey dictionary 1
//	# attribution
//	=passwords
//	A123456
//	Apassword
//	…
//	AdragonBisneyA…      a letter A–Z: so many bytes of the word before, then the rest of this one
const dictionaryHeader = "latchkey dictionary 1"

// Bounds of an asset that Parse accepts.
const (
	MaxDictionary = 8 << 20 // bytes
	maxWord       = 24      // code points; longer ones are sentences
	maxPrefix     = 25      // 'Z' - 'A'
	maxWords      = 500_000
)

// ErrDictionary says that an asset is not a dictionary.
var ErrDictionary = errors.New("password: malformed dictionary")

// listKind is where a word was found.
type listKind uint8

const (
	listWords     listKind = iota // of a language
	listPasswords                 // used passwords
	listNames
	listPerson // not a list: parts of the person's own name and address
)

// Names of lists with a meaning of their own; every other list is one of ordinary words.
const (
	ListPasswords = "passwords"
	ListNames     = "names"
)

func kindOf(list string) listKind {
	switch list {
	case ListPasswords:
		return listPasswords
	case ListNames:
		return listNames
	}
	return listWords
}

// Dictionary holds ranked words. It is immutable. A nil Dictionary is empty.
type Dictionary struct {
	entries map[string]entry
	longest int // bytes
}

type entry struct {
	rank   int32 // best of all lists, from 1
	list   listKind
	listed bool // is one of the used passwords, whatever list ranks it best
}

// Words is the number of different words.
func (d *Dictionary) Words() int {
	if d == nil {
		return 0
	}
	return len(d.entries)
}

func (d *Dictionary) lookup(word []byte) (hit, bool) {
	if d == nil || len(word) > d.longest {
		return hit{}, false
	}
	e, ok := d.entries[string(word)]
	return hit{int(e.rank), e.list}, ok
}

func (d *Dictionary) common(word string) bool {
	return d != nil && d.entries[word].listed
}

// ParseDictionary reads an asset. The result does not keep data.
func ParseDictionary(data []byte) (*Dictionary, error) {
	if len(data) > MaxDictionary || !utf8.Valid(data) {
		return nil, ErrDictionary
	}
	header, rest, _ := bytes.Cut(data, []byte("\n"))
	if string(header) != dictionaryHeader {
		return nil, ErrDictionary
	}
	p := &parser{dictionary: &Dictionary{entries: make(map[string]entry, len(rest)/8)}}
	for len(rest) > 0 {
		var line []byte
		line, rest, _ = bytes.Cut(rest, []byte("\n"))
		if err := p.line(string(line)); err != nil {
			return nil, err
		}
	}
	return p.dictionary, nil
}

type parser struct {
	dictionary *Dictionary
	inList     bool
	list       listKind
	rank       int32
}

func (p *parser) line(line string) error {
	switch {
	case strings.HasPrefix(line, "#"):
		return nil
	case strings.HasPrefix(line, "="):
		p.inList, p.list, p.rank = true, kindOf(line[1:]), 1
		return nil
	case !p.inList:
		return ErrDictionary
	}
	return p.block(line)
}

// block reads one block. All of its words get the rank of the first: a word may look up to a quarter more common than it
// is, never less.
func (p *parser) block(line string) error {
	word, count := "", int32(0)
	for line != "" {
		keep := int(line[0]) - 'A'
		end := 1 + strings.IndexFunc(line[1:], marker)
		if end == 0 {
			end = len(line)
		}
		if keep < 0 || keep > maxPrefix || keep > len(word) {
			return ErrDictionary
		}
		word = word[:keep] + line[1:end]
		if word == "" || len(word) > maxWord*utf8.UTFMax || len(p.dictionary.entries) >= maxWords {
			return ErrDictionary
		}
		p.dictionary.add(word, p.rank, p.list)
		line = line[end:]
		count++
	}
	p.rank += count
	return nil
}

func marker(r rune) bool { return r >= 'A' && r <= 'Z' }

// add keeps the best rank of a word.
func (d *Dictionary) add(word string, rank int32, list listKind) {
	e, known := d.entries[word]
	if !known || rank < e.rank {
		e.rank, e.list = rank, list
	}
	e.listed = e.listed || list == listPasswords
	d.entries[word] = e
	d.longest = max(d.longest, len(word))
}
