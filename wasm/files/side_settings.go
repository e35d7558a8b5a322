package files

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os/exec"
	"slices"
	"strings"
	"time"
)

// Runner runs a program without a shell and returns its standard output. Error: ErrNoProgram.
type Runner func(ctx context.Context, in []byte, program string, arguments ...string) ([]byte, error)

// ErrNoProgram says that a program is not installed here.
var ErrNoProgram = errors.New("is not installed here")

// Programs is the Runner of the operating system. What a program writes to standard error becomes the error.
func Programs(ctx context.Context, in []byte, program string, arguments ...string) ([]byte, error) {
	var out, problems bytes.Buffer
	c := exec.CommandContext(ctx, program, arguments...)
	c.Stdin, c.Stdout, c.Stderr, c.WaitDelay = bytes.NewReader(in), &out, &problems, time.Second
	err := c.Run()
	switch {
	case errors.Is(err, exec.ErrNotFound):
		return nil, fmt.Errorf("%s %w", program, ErrNoProgram)
	case err != nil && problems.Len() > 0:
		first, _, _ := strings.Cut(strings.TrimSpace(problems.String()), "\n")
		return nil, fmt.Errorf("%s: %s", program, first)
	case err != nil:
		return nil, fmt.Errorf("%s: %w", program, err)
	}
	return out.Bytes(), nil
}

// settingSide is keys that live behind a program: dconf, by their paths, or gsettings, as "schema key". Their values are in
// the text format of GVariant.
type settingSide struct {
	plain
	source Source
	run    Runner
	now    func() time.Time
}

// isDconfDir reports whether a path is one of a dconf directory that can be meant: not all of dconf.
func isDconfDir(dir string) bool {
	return strings.HasSuffix(dir, "/") && len(dir) > 2 && isDconfKey(strings.TrimSuffix(dir, "/"))
}

func isDconfKey(key string) bool {
	return strings.HasPrefix(key, "/") && !strings.HasSuffix(key, "/") && !strings.Contains(key, "//") && plainName(key)
}

func isSchema(name string) bool {
	odd := func(r rune) bool {
		return r != '-' && r != '.' && (r < '0' || r > '9') && (r < 'a' || r > 'z') && (r < 'A' || r > 'Z')
	}
	return name != "" && name[0] != '-' && name[0] != '.' && len(name) < 256 && !strings.ContainsFunc(name, odd)
}

func (s *settingSide) takes(name string) bool {
	if s.source.Kind == Dconf {
		below := func(dir string) bool { return strings.HasPrefix(name, dir) }
		return isDconfKey(name) && slices.ContainsFunc(s.source.Paths, below) && s.source.picks(name)
	}
	schema, key, ok := strings.Cut(name, " ")
	return ok && slices.Contains(s.source.Paths, schema) && isSchema(key) && s.source.picks(name)
}

func (s *settingSide) read(ctx context.Context) (map[string]*item, map[string]string, error) {
	found, refused := map[string]*item{}, map[string]string{}
	for _, path := range s.source.Paths {
		out, err := s.list(ctx, path)
		if err != nil {
			return nil, nil, err
		}
		for name, value := range out {
			switch {
			case !s.takes(name):
			case len(value) > MaxFile:
				refused[name] = errTooLarge.Error()
			default:
				found[name] = &item{value: []byte(value), edited: s.now()}
			}
		}
	}
	return found, refused, nil
}

// list asks for the values below a path.
func (s *settingSide) list(ctx context.Context, path string) (map[string]string, error) {
	if s.source.Kind == Dconf {
		out, err := s.run(ctx, nil, "dconf", "dump", path)
		if err != nil {
			return nil, err
		}
		return parseDump(path, out), nil
	}
	out, err := s.run(ctx, nil, "gsettings", "list-recursively", path)
	if err != nil {
		return nil, err
	}
	all := map[string]string{}
	for line := range strings.Lines(string(out)) {
		words := strings.SplitN(strings.TrimRight(line, "\r\n"), " ", 3)
		if len(words) == 3 && words[0] == path {
			all[words[0]+" "+words[1]] = words[2]
		}
	}
	return all, nil
}

// parseDump reads what dconf dump writes: sections that are directories below dir, "/" for dir itself.
func parseDump(dir string, out []byte) map[string]string {
	all, at := map[string]string{}, dir
	for line := range strings.Lines(string(out)) {
		line = strings.TrimRight(line, "\r\n")
		if strings.HasPrefix(line, "[") && strings.HasSuffix(line, "]") {
			at = dir
			if section := line[1 : len(line)-1]; section != "/" {
				at = dir + section + "/"
			}
			continue
		}
		if key, value, ok := strings.Cut(line, "="); ok {
			all[at+key] = value
		}
	}
	return all
}

func (s *settingSide) apply(ctx context.Context, changes []change, done func(change, error)) {
	for _, c := range changes {
		done(c, s.write(ctx, c))
	}
}

func (s *settingSide) write(ctx context.Context, c change) error {
	if !s.takes(c.name) {
		return errKey
	}
	value := ""
	if c.to != nil {
		if value = string(c.to.value); value == "" || strings.ContainsFunc(value, isControl) || strings.HasPrefix(value, "--") {
			return errKey
		}
	}
	words := []string{"dconf", "write", c.name, value}
	switch schema, key, _ := strings.Cut(c.name, " "); {
	case s.source.Kind == Dconf && c.to == nil:
		words = []string{"dconf", "reset", c.name}
	case s.source.Kind == Gsettings && c.to == nil:
		words = []string{"gsettings", "reset", schema, key}
	case s.source.Kind == Gsettings:
		words = []string{"gsettings", "set", schema, key, value}
	}
	_, err := s.run(ctx, nil, words[0], words[1:]...)
	return err
}
