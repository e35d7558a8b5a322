package main

import (
	"context"
	"flag"
	"fmt"
	"slices"
	"strings"
)

const completionHelp = `latchkey completion SHELL

Prints what makes a shell complete the words of latchkey: bash, zsh or fish.

  bash   latchkey completion bash > ~/.local/share/bash-completion/completions/latchkey
  zsh    latchkey completion zsh > ~/.zfunc/_latchkey      (with fpath+=~/.zfunc before compinit in ~/.zshrc)
  fish   latchkey completion fish > ~/.config/fish/completions/latchkey.fish
`

// grammar is a command as completion knows it. A test holds it to what the commands take.
type grammar struct {
	words   string   // "vault set"
	options []string // without dashes; "=" at the end: it takes a value; "=FILE": a file
	names   string   // what may follow: words of commands, FILE, or nothing
}

// completion prints the script of a shell.
func (p program) completion(_ context.Context, words []string) error {
	if len(words) == 1 && isHelp(words[0]) {
		fmt.Fprint(p.out, completionHelp)
		return flag.ErrHelp
	}
	scripts := map[string]func([]grammar) string{"bash": bashScript, "zsh": zshScript, "fish": fishScript}
	if len(words) != 1 || scripts[words[0]] == nil {
		return misuse{"say for which shell: latchkey completion bash, zsh or fish"}
	}
	_, err := fmt.Fprint(p.out, scripts[words[0]](grammars))
	return err
}

// under lists the words that may stand behind a command, "" for the first one.
func under(all []grammar, command string) (next []string) {
	for _, g := range all {
		rest := g.words
		if command != "" {
			var ok bool
			if rest, ok = strings.CutPrefix(g.words, command+" "); !ok {
				continue
			}
		}
		if word, _, _ := strings.Cut(rest, " "); word != "" && !slices.Contains(next, word) {
			next = append(next, word)
		}
	}
	return next
}

// flat is all that may stand behind a command, options with their dashes.
func (g grammar) flat(all []grammar) []string {
	words := under(all, g.words)
	for _, o := range g.options {
		name, _, _ := strings.Cut(o, "=")
		words = append(words, "--"+name)
	}
	return words
}

// files lists the options that take a file.
func (g grammar) files() (all []string) {
	for _, o := range g.options {
		if name, value, _ := strings.Cut(o, "="); value == "FILE" {
			all = append(all, "--"+name)
		}
	}
	return all
}

// bashScript completes in bash: the command is the longest one that the words begin with.
func bashScript(all []grammar) string {
	var b strings.Builder
	b.WriteString(`# bash completion for latchkey
_latchkey() {
  local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD-1]} path= word
  for word in "${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
    [[ $word == -* ]] || path="${path:+$path }$word"
  done
  local words= files=
  while :; do
    case $path in
`)
	for _, g := range append([]grammar{{}}, all...) {
		fmt.Fprintf(&b, "      '%s') words='%s' files='%s'; break ;;\n", g.words, strings.Join(g.flat(all), " "), g.fileWords())
	}
	b.WriteString(`    esac
    [[ $path == *' '* ]] && path=${path% *} || path=
  done
  if [[ " $files " == *" $prev "* || ( " $files " == *' FILE '* && $cur != -* ) ]]; then
    COMPREPLY=($(compgen -f -- "$cur"))
  else
    COMPREPLY=($(compgen -W "$words" -- "$cur"))
  fi
}
complete -o filenames -F _latchkey latchkey
`)
	return b.String()
}

// fileWords are the options that take a file, and FILE when the command itself does.
func (g grammar) fileWords() string {
	words := g.files()
	if g.names == "FILE" {
		words = append(words, "FILE")
	}
	return strings.Join(words, " ")
}

// zshScript is the same for zsh.
func zshScript(all []grammar) string {
	var b strings.Builder
	b.WriteString(`#compdef latchkey
_latchkey() {
  local path_= word prev=${words[CURRENT-1]}
  for word in ${words[2,CURRENT-1]}; do
    [[ $word == -* ]] || path_="${path_:+$path_ }$word"
  done
  local -a next
  local files=
  while :; do
    case $path_ in
`)
	for _, g := range append([]grammar{{}}, all...) {
		fmt.Fprintf(&b, "      '%s') next=(%s); files='%s'; break ;;\n", g.words, strings.Join(g.flat(all), " "), g.fileWords())
	}
	b.WriteString(`    esac
    [[ $path_ == *' '* ]] && path_=${path_% *} || path_=
  done
  if [[ " $files " == *" $prev "* || ( " $files " == *' FILE '* && $PREFIX != -* ) ]]; then
    _files
  else
    compadd -- $next
  fi
}
if [[ $funcstack[1] == _latchkey ]]; then _latchkey "$@"; else compdef _latchkey latchkey; fi
`)
	return b.String()
}

// fishScript is the same for fish, which knows conditions and not paths of commands.
func fishScript(all []grammar) string {
	var b strings.Builder
	b.WriteString(`# fish completion for latchkey
function __latchkey_at
  set -l path
  for word in (commandline -opc)[2..-1]
    string match -q -- '-*' $word; or set -a path $word
  end
  set -l known`)
	for _, g := range all {
		fmt.Fprintf(&b, " '%s'", g.words)
	}
	b.WriteString(`
  while set -q path[1]; and not contains -- "$path" $known
    set -e path[-1]
  end
  test "$path" = "$argv"
end
complete -c latchkey -f
`)
	for _, g := range append([]grammar{{}}, all...) {
		if next := under(all, g.words); len(next) > 0 {
			fmt.Fprintf(&b, "complete -c latchkey -n '__latchkey_at %s' -a '%s'\n", g.words, strings.Join(next, " "))
		}
		if g.names == "FILE" {
			fmt.Fprintf(&b, "complete -c latchkey -n '__latchkey_at %s' -F\n", g.words)
		}
		for _, o := range g.options {
			name, value, takes := strings.Cut(o, "=")
			how := ""
			switch {
			case value == "FILE":
				how = " -r -F"
			case takes:
				how = " -x"
			}
			fmt.Fprintf(&b, "complete -c latchkey -n '__latchkey_at %s' -l %s%s\n", g.words, name, how)
		}
	}
	return b.String()
}
