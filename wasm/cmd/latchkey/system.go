package main

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"time"

	"github.com/latchkey-id/latchkey/wasm/state"
)

// system is what the command touches of the computer, so that tests can stand in for it.
type system struct {
	keyring state.Keyring
	host    func() (string, error)
	browse  func(ctx context.Context, address string) error // opens a browser, and does not wait for it to be closed
	wait    func(ctx context.Context, d time.Duration) error
	edit    func(ctx context.Context, command, file string) error // has a person edit a file
	echo    func(on bool) (bool, error)                           // see echo

	screenOut bool // results go to a terminal
}

// thisComputer is the real one.
func thisComputer(environment func(string) (string, bool)) system {
	s := system{keyring: state.System{}, host: os.Hostname, wait: pause, edit: runEditor, echo: echo, screenOut: terminal(os.Stdout)}
	if name, _ := environment("LATCHKEY_KEYRING"); name == "file" {
		s.keyring = state.None{}
	}
	s.browse = func(ctx context.Context, address string) error { return browse(ctx, environment, address) }
	return s
}

func terminal(f *os.File) bool {
	info, err := f.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0
}

func pause(ctx context.Context, d time.Duration) error {
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(d):
		return nil
	}
}

// errNoBrowser says that there is no screen to show a browser on.
var errNoBrowser = errors.New("there is no browser here")

// browse opens the person's browser.
func browse(ctx context.Context, environment func(string) (string, bool), address string) error {
	command := []string{"xdg-open"}
	named, _ := environment("BROWSER")
	_, x := environment("DISPLAY")
	_, wayland := environment("WAYLAND_DISPLAY")
	switch {
	case named != "":
		command = []string{named}
	case runtime.GOOS == "darwin":
		command = []string{"open"}
	case runtime.GOOS == "windows":
		command = []string{"rundll32", "url.dll,FileProtocolHandler"}
	case !x && !wayland:
		return errNoBrowser
	}
	cmd := exec.CommandContext(context.WithoutCancel(ctx), command[0], append(command[1:], address)...)
	if err := cmd.Start(); err != nil {
		return errors.Join(errNoBrowser, err)
	}
	go cmd.Wait()
	return nil
}

// runEditor runs an editor, which may be a command with options, at the terminal.
func runEditor(ctx context.Context, command, file string) error {
	shell := exec.CommandContext(ctx, "sh", "-c", command+` "$1"`, "sh", file)
	if runtime.GOOS == "windows" {
		shell = exec.CommandContext(ctx, command, file)
	}
	shell.Stdin, shell.Stdout, shell.Stderr = os.Stdin, os.Stderr, os.Stderr
	return shell.Run()
}

// stateRoot is the directory of what the command remembers.
func (p program) stateRoot() (string, error) {
	if dir, _ := p.environment("XDG_STATE_HOME"); filepath.IsAbs(dir) { // a relative one counts as none (XDG Base Directory Specification)
		return filepath.Join(dir, "latchkey"), nil
	}
	if dir, _ := p.environment("LOCALAPPDATA"); runtime.GOOS == "windows" && dir != "" {
		return filepath.Join(dir, "latchkey"), nil
	}
	if home, _ := p.environment("HOME"); filepath.IsAbs(home) {
		return filepath.Join(home, ".local", "state", "latchkey"), nil
	}
	return "", misuse{"there is no place to remember anything: set HOME or XDG_STATE_HOME"}
}
