package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"

	"github.com/latchkey-id/latchkey/edge/api"
)

// Exit codes. Scripts rely on them.
const (
	exitDone    = 0
	exitFailed  = 1 // the service refused, or could not be reached
	exitMisused = 2 // the command line is wrong; nothing was sent

	exitSignIn    = 3 // nobody is signed in
	exitUntrusted = 4 // this computer has to give a second proof first
	exitMissing   = 5 // there is no such thing
	exitBusy      = 6 // another process works with the same settings
	exitUnsent    = 7 // done here; the service could not be reached and hears of it the next time

	exitConflict = 8 // latchkey sync found what both sides had changed
	exitPaused   = 9 // latchkey sync did nothing, because the connection is metered
)

const usage = `latchkey is Latchkey from the command line.

On your own account:

  latchkey signin                sign this computer in
  latchkey whoami                who is signed in
  latchkey trust                 prove this computer, so that it gets your settings
  latchkey devices               your devices: list, rename, revoke
  latchkey approve               approve another device from this one
  latchkey vault                 your settings: list, get, set, edit, rm, history, export, import
  latchkey sync                  keep files and settings of this home in step with your other homes
  latchkey signout               sign out, and forget everything here

For operators:

  latchkey apps load FILE        register the applications of a JSON file ("-" reads standard input)
  latchkey apps list             list what is registered
  latchkey apps remove ID        remove an application
  latchkey apps token            make a token with which applications register themselves
  latchkey apps tokens           list those tokens
  latchkey apps revoke TOKEN-ID  end one

For your shell:

  latchkey completion SHELL      what makes bash, zsh or fish complete these words

Add --help to a command for its options.
`

// commands are what there is, by the first word.
var commands = map[string]func(p program, ctx context.Context, words []string) error{
	"apps":       program.apps,
	"approve":    program.approve,
	"completion": program.completion,
	"devices":    program.devices,
	"sync":       program.sync,
	"trust":      program.trust,
	"vault":      program.vault,
	"signin":     program.signin,
	"signout":    program.signout,
	"whoami":     program.whoami,
}

// program is one run of the command, with everything it touches.
type program struct {
	arguments   []string
	environment func(name string) (string, bool)
	in          io.Reader
	out         io.Writer // results
	problems    io.Writer // everything else
	system      system
}

// misuse is a command line that cannot be carried out as it stands.
type misuse struct{ text string }

func (m misuse) Error() string { return m.text }

// run does what the arguments say and returns the exit code.
func (p program) run(ctx context.Context) int {
	err := p.dispatch(ctx)
	var known outcome
	switch {
	case errors.As(err, &known):
		fmt.Fprintf(p.problems, "latchkey: %s\n", printable(known.text))
		return known.code
	case err == nil, errors.Is(err, flag.ErrHelp):
		return exitDone
	case errors.As(err, new(misuse)):
		fmt.Fprintf(p.problems, "latchkey: %v\n", err)
		return exitMisused
	}
	fmt.Fprintf(p.problems, "latchkey: %s\n", describe(err))
	return exitFailed
}

func (p program) dispatch(ctx context.Context) error {
	words := p.arguments
	if len(words) == 0 {
		fmt.Fprint(p.problems, usage)
		return misuse{"say what to do"}
	}
	if command, known := commands[words[0]]; known {
		return command(p, ctx, words[1:])
	}
	switch words[0] {
	case "help", "-h", "-help", "--help":
		fmt.Fprint(p.out, usage)
		return nil
	}
	return misuse{fmt.Sprintf("there is no command %q; latchkey --help lists what there is", words[0])}
}

// describe says what a person can do about an error.
func describe(err error) string {
	p, ok := errors.AsType[*api.Problem](err)
	if !ok {
		return err.Error()
	}
	text := p.Title
	if text == "" {
		text = string(p.Code)
	}
	if p.RetryAfter > 0 {
		text += fmt.Sprintf(" Try again in %d seconds.", p.RetryAfter)
	}
	if p.Instance != "" {
		text += " (request " + p.Instance + ")"
	}
	return printable(text)
}
