package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
)

// maxLine bounds what a person types in one line, in bytes.
const maxLine = 4 << 10

// errNobody says that a question was asked where nobody answers.
var errNobody = errors.New("there is nobody to answer: standard input is at its end")

// ask asks for a line at the terminal. Every answer is a line of standard input, so a script can answer too.
func (p program) ask(ctx context.Context, question string) (string, error) {
	fmt.Fprint(p.problems, question)
	line, err := p.line(ctx)
	return strings.TrimSpace(line), err
}

// askSecret is ask for what nobody shall read over a shoulder.
func (p program) askSecret(ctx context.Context, question string) (string, error) {
	fmt.Fprint(p.problems, question)
	shown, err := p.system.echo(false)
	if err != nil {
		return "", err
	}
	defer func() {
		if shown {
			p.system.echo(true)
			fmt.Fprintln(p.problems)
		}
	}()
	line, err := p.line(ctx)
	return strings.TrimRight(line, "\r\n"), err
}

// line reads a line byte by byte, so that the next question finds the next one.
func (p program) line(ctx context.Context) (string, error) {
	type read struct {
		line string
		err  error
	}
	done := make(chan read, 1)
	go func() {
		line, err := readLine(p.in)
		done <- read{line, err}
	}()
	select {
	case <-ctx.Done():
		return "", ctx.Err()
	case r := <-done:
		return r.line, r.err
	}
}

func readLine(in io.Reader) (string, error) {
	var line []byte
	b := make([]byte, 1)
	for len(line) < maxLine {
		n, err := in.Read(b)
		if n == 1 {
			if line = append(line, b[0]); b[0] == '\n' {
				return string(line), nil
			}
		}
		if errors.Is(err, io.EOF) && len(line) > 0 {
			return string(line), nil
		}
		if errors.Is(err, io.EOF) {
			return "", errNobody
		}
		if err != nil {
			return "", err
		}
	}
	return "", errors.New("that line is too long")
}

// echo switches whether a terminal shows what is typed, and reports whether there was one to switch.
func echo(on bool) (bool, error) {
	if !terminal(os.Stdin) {
		return false, nil
	}
	how := map[bool]string{true: "echo", false: "-echo"}[on]
	cmd := exec.Command("stty", how)
	cmd.Stdin = os.Stdin
	if err := cmd.Run(); err != nil {
		return false, fmt.Errorf("this terminal would show what you type (stty: %w); give it on standard input", err)
	}
	return true, nil
}
