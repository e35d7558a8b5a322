package files

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Limits of what is kept in step.
const (
	MaxFile       = 900_000 // bytes of a file; the vault takes a little more, for what stands before it
	MaxFiles      = 10_000  // files of one source
	maxRecordName = 1000    // bytes of a path or the name of a key
	maxTarget     = 4000    // bytes of the target of a link
	maxPast       = 8       // earlier versions that a file's record remembers
)

// item is one state of one thing: a file, a link, the value of a key.
type item struct {
	value  []byte      // content, target of a link, text of a value
	mode   fs.FileMode // permission bits; ModeSymlink for a link; 0 for a value
	edited time.Time   // here: when, as far as the disk knows
}

// id tells states apart. Two of the same value and mode are the same; "" is nothing.
func (i *item) id() string {
	if i == nil {
		return ""
	}
	h := sha256.New()
	fmt.Fprintf(h, "%o\n", uint32(i.mode))
	h.Write(i.value)
	return hex.EncodeToString(h.Sum(nil)[:8])
}

// sameContent reports whether two states differ in permissions at most.
func (i *item) sameContent(o *item) bool {
	return i != nil && o != nil && i.mode.Type() == o.mode.Type() && bytes.Equal(i.value, o.value)
}

// The first line of a file's record: what it is, permissions in octal, ids of the versions it replaced, newest first. The content
// follows. So a person who looks at their settings in a browser reads their file.
const (
	fileWord = "latchkey-file"
	linkWord = "latchkey-link"
	wasWord  = "was="
)

// errRecord says that a record does not hold a file.
var errRecord = errors.New("what the vault has under this name was not written by latchkey sync, or by a newer one; delete it there or exclude it here")

func encodeFile(i *item, past []string) []byte {
	word, mode := fileWord, strconv.FormatUint(uint64(i.mode.Perm()), 8)
	if i.mode&fs.ModeSymlink != 0 {
		word, mode = linkWord, "0"
	}
	return append([]byte(word+" "+mode+" "+wasWord+strings.Join(past, ",")+"\n"), i.value...)
}

// decodeFile reads what encodeFile wrote and nothing else. Error: errRecord.
func decodeFile(b []byte) (i *item, past []string, err error) {
	head, content, ok := bytes.Cut(b[:min(len(b), maxTarget+MaxFile+1024)], []byte("\n"))
	words := strings.Split(string(head[:min(len(head), 512)]), " ")
	if !ok || len(words) != 3 {
		return nil, nil, errRecord
	}
	mode, err := strconv.ParseUint(words[1], 8, 32)
	was, ok := strings.CutPrefix(words[2], wasWord)
	if err != nil || !ok || mode > 0o777 {
		return nil, nil, errRecord
	}
	past = []string{}
	if was != "" {
		past = strings.Split(was, ",")
	}
	i = &item{value: bytes.Clone(content), mode: fs.FileMode(mode)}
	switch {
	case words[0] == linkWord:
		i.mode = fs.ModeSymlink
	case words[0] != fileWord || len(content) > MaxFile:
		return nil, nil, errRecord
	}
	if !bytes.Equal(encodeFile(i, past), b) || len(past) > maxPast {
		return nil, nil, errRecord
	}
	return i, past, nil
}

// pastWith is what a version that replaces others remembers.
func pastWith(past []string, replaced ...string) []string {
	var all []string
	for _, id := range append(slices.Clone(replaced), past...) {
		if id != "" && !slices.Contains(all, id) && len(all) < maxPast {
			all = append(all, id)
		}
	}
	return all
}
