package slim

import (
	"bytes"
	"encoding/binary"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// TestTracesNameOurLines runs a program whose stack has functions of its own and of the library on it: it panics, recovers and is swept as
// ever, and its trace names every function, but lines of the former only.
func TestTracesNameOurLines(t *testing.T) {
	module := filepath.Join(t.TempDir(), "trace.wasm")
	if err := Build(t.Context(), root, "./edge/slim/testdata/trace", module); err != nil {
		t.Fatal(err)
	}
	goroot, err := exec.Command("go", "env", "GOROOT").Output()
	if err != nil {
		t.Fatal(err)
	}
	loader := filepath.Join(strings.TrimSpace(string(goroot)), "lib", "wasm", "wasm_exec_node.js")
	run := exec.CommandContext(t.Context(), "node", "--stack-size=984", loader, module)
	var problems bytes.Buffer
	run.Stderr = &problems
	out, err := run.Output()
	if err != nil {
		t.Fatalf("%v\n%s", err, &problems)
	}
	frames := strings.Split(strings.TrimSpace(string(out)), "\n")
	for _, want := range []string{"main.compare true", "main.main.func1 true", "main.main.func1.2 true", "slices.pdqsortCmpFunc[...] false", "runtime.goexit false"} {
		if !slices.Contains(frames, want) {
			t.Errorf("the stack lacks %q: %q", want, frames)
		}
	}
	if trace := problems.String(); !strings.Contains(trace, "recovered: -1") || !strings.Contains(trace, "testdata/trace/main.go:") {
		t.Errorf("the trace is\n%s", trace)
	}
}

// TestForgetLinesRefusesWhatTheLinkerDoesNotWrite: a version of Go with another table fails the build, and not the program.
func TestForgetLinesRefusesWhatTheLinkerDoesNotWrite(t *testing.T) {
	table := functionTable()
	other := func(change func([]byte)) []byte {
		b := bytes.Clone(table)
		change(b)
		return b
	}
	for name, data := range map[string][]byte{
		"no table":                  []byte("nothing"),
		"another mark":              other(func(b []byte) { b[0]++ }),
		"cut off":                   table[:len(table)-9],
		"more functions than there": other(func(b []byte) { b[8] = 9 }),
		"another record":            other(func(b []byte) { b[len(b)-funcSize-4]++ }),
		"a table that is not there": other(func(b []byte) { b[len(b)-4-funcSize+funcLine] = 200 }),
		"two":                       slices.Concat(table, table),
	} {
		if err := forgetLines(module(dataOf(segment{64, data}))); err == nil {
			t.Errorf("%s: taken", name)
		}
	}
	if err := forgetLines(module(dataOf(segment{64, table}))); err != nil {
		t.Errorf("a good one: %v", err)
	}
}

// functionTable is of one function of the library, with three tables of two bytes and an end: stack, file, line, and one more.
func functionTable() []byte {
	const names, units, tables, index = 72, 76, 76, 88
	b := slices.Clone(lineTable)
	for _, n := range []uint64{1, 0, 0, names, units, units, tables, index} {
		b = binary.LittleEndian.AppendUint64(b, n)
	}
	b = append(b, 'a', '.', 'f', 0, 0, 2, 1, 0, 2, 2, 0, 2, 3, 0, 0, 0)
	record := make([]byte, funcSize+4)
	for at, n := range map[int]uint32{0: 7, funcSP: 1, funcFile: 4, funcLine: 7, funcTables: 1, funcSize: 1} {
		binary.LittleEndian.PutUint32(record[at:], n)
	}
	b = append(b, 7, 0, 0, 0, 8, 0, 0, 0)
	return append(b, record...)
}

// TestOnlyLinesAreForgotten: what the program runs by stays as it was.
func TestOnlyLinesAreForgotten(t *testing.T) {
	before := functionTable()
	in := module(dataOf(segment{64, before}))
	if err := forgetLines(in); err != nil {
		t.Fatal(err)
	}
	want := bytes.Clone(before)
	clear(want[76+4 : 76+10])
	clear(want[len(want)-funcSize-4+funcFile : len(want)-funcSize-4+funcLine+4])
	if !bytes.Equal(in, module(dataOf(segment{64, want}))) {
		t.Errorf("%x, want %x", in, want)
	}
}

// FuzzForgetLines: whatever lies in memory, nothing is written that is not a line.
func FuzzForgetLines(f *testing.F) {
	f.Add(functionTable())
	f.Add(functionTable()[:100])
	f.Fuzz(func(t *testing.T, data []byte) {
		in := module(dataOf(segment{64, data}))
		kept := bytes.Clone(in)
		if err := forgetLines(in); err != nil && !bytes.Equal(in, kept) && bytes.Count(data, lineTable) < 2 {
			t.Fatal("refused and changed")
		}
	})
}
