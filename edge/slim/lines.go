package slim

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"strings"
)

// For every instruction Go's linker notes the file and line that it came of. Only stack traces read that, and it is a fifteenth of a compressed
// module. Of a trace people read the functions, and the lines of our own: those stay, and three quarters of the weight go. Elsewhere a
// trace says "?:0", as the runtime does for a function without lines.

// ownFunctions begin with one of these: the module's, and what package main of it is called.
var ownFunctions = []string{"github.com/latchkey-id/latchkey/", "main."}

// lineTable is the beginning of the runtime's table of functions (runtime.pcHeader): its mark, two zeros, one byte an instruction at least, eight
// bytes a pointer.
var lineTable = []byte{0xf1, 0xff, 0xff, 0xff, 0, 0, 1, 8}

// Where a member lies in the record of a function (runtime._func).
const (
	funcName   = 4
	funcSP     = 16
	funcFile   = 20
	funcLine   = 24
	funcTables = 28 // how many follow the record, from funcSize on
	funcSize   = 44
)

var errLines = errors.New("not a table of functions as this version of Go writes it")

// forgetLines erases the files and lines of what is not ours from a module that pack has made.
func forgetLines(module []byte) error {
	data, err := dataOfModule(module)
	if err != nil {
		return err
	}
	segments, err := readSegments(data)
	if err != nil {
		return err
	}
	tables := 0
	for _, s := range segments {
		for rest := s.data; ; rest = rest[1:] {
			at := bytes.Index(rest, lineTable)
			if at < 0 {
				break
			}
			rest = rest[at:]
			if table, err := readFunctions(rest); err == nil { // others only look like one
				table.forget()
				tables++
			}
		}
	}
	if tables != 1 {
		return fmt.Errorf("%w: %d of them", errLines, tables)
	}
	return nil
}

// dataOfModule is the data section, in place.
func dataOfModule(module []byte) ([]byte, error) {
	rest, ok := bytes.CutPrefix(module, []byte(header))
	if !ok {
		return nil, errModule
	}
	for len(rest) > 0 {
		body, after, err := sized(rest[1:])
		if err != nil {
			return nil, err
		}
		if rest[0] == dataSection {
			return body, nil
		}
		rest = after
	}
	return nil, errModule
}

// functions is the runtime's table of functions, in place.
type functions struct {
	names  []byte
	tables []byte   // of pairs: what holds, for how many instructions
	funcs  [][]byte // record of each function, and what follows it
}

func readFunctions(b []byte) (functions, error) {
	word := func(n int) int { return int(min(binary.LittleEndian.Uint64(b[8*n:]), uint64(len(b)))) }
	if len(b) < 9*8 {
		return functions{}, errLines
	}
	count, names, units, tables, index := word(1), word(4), word(5), word(7), word(8)
	if names > units || units > tables || tables > index || count > (len(b)-index)/8 {
		return functions{}, errLines
	}
	f := functions{names: b[names:units], tables: b[tables:index]}
	for i := range count {
		entry := b[index+8*i:]
		at := binary.LittleEndian.Uint32(entry[4:])
		if uint64(at)+funcSize > uint64(len(b)-index) {
			return functions{}, errLines
		}
		record := b[index+int(at):]
		if !bytes.Equal(record[:4], entry[:4]) || funcSize+4*number(record, funcTables) > len(record) || number(record, funcName) >= len(f.names) {
			return functions{}, errLines
		}
		f.funcs = append(f.funcs, record)
	}
	return f, f.check()
}

// check reports whether all tables that are named are there.
func (f functions) check() error {
	for _, record := range f.funcs {
		for _, at := range append(stays(record), number(record, funcFile), number(record, funcLine)) {
			if f.end(at) < 0 {
				return errLines
			}
		}
	}
	return nil
}

func number(record []byte, at int) int { return int(binary.LittleEndian.Uint32(record[at:])) }

// stays are the tables of a function that the program needs to run.
func stays(record []byte) []int {
	tables := []int{number(record, funcSP)}
	for i := range number(record, funcTables) {
		tables = append(tables, number(record, funcSize+4*i))
	}
	return tables
}

// forget erases the lines, and every byte of tables that nobody needs any more. Functions share tables.
func (f functions) forget() {
	needed := make([]bool, len(f.tables))
	for _, record := range f.funcs {
		tables := stays(record)
		if f.own(record) {
			tables = append(tables, number(record, funcFile), number(record, funcLine))
		} else {
			clear(record[funcFile : funcLine+4])
		}
		for _, at := range tables {
			for i := at; i < f.end(at); i++ {
				needed[i] = true
			}
		}
	}
	for i := range f.tables {
		if !needed[i] {
			f.tables[i] = 0
		}
	}
}

func (f functions) own(record []byte) bool {
	name, _, _ := bytes.Cut(f.names[number(record, funcName):], []byte{0})
	for _, prefix := range ownFunctions {
		if strings.HasPrefix(string(name), prefix) {
			return true
		}
	}
	return false
}

// end is where a table ends: behind a zero in the place of the next value. 0 is no table; -1: it doesn't end.
func (f functions) end(at int) int {
	for first := true; at > 0; first = false {
		if at >= len(f.tables) {
			return -1
		}
		if f.tables[at] == 0 && !first {
			return at + 1
		}
		for range 2 { // value, instructions
			_, n := binary.Uvarint(f.tables[at:])
			if n <= 0 {
				return -1
			}
			at += n
		}
	}
	return 0
}
