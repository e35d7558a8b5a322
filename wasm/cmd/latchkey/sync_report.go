package main

import (
	"encoding/base32"
	"fmt"
	"strings"

	"github.com/latchkey-id/latchkey/wasm/files"
	"github.com/latchkey-id/latchkey/wasm/vault"
)

// Groups of steps, as the summary counts them.
const (
	groupSent     = "sent"
	groupNoted    = "noted, to be sent"
	groupReceived = "received"
	groupDeleted  = "deleted"
	groupConflict = "in conflict"
	groupLeft     = "left alone"
)

// maxAlike is how many steps of a source are shown that were left alone for the same reason.
const maxAlike = 10

func stepGroup(s *files.Step, report files.Report) string {
	switch {
	case s.Failed != "" || s.Do == files.Refuse:
		return groupLeft
	case s.Conflict():
		return groupConflict
	case s.Do == files.Take:
		return groupReceived
	case s.Do == files.Send && report.Unsynced != "":
		return groupNoted
	case s.Do == files.Send:
		return groupSent
	}
	return groupDeleted
}

// stepWords are what a line of the report begins with: done, and in a dry run.
var stepWords = map[files.Do][2]string{
	files.Send: {"sent", "would send"}, files.Take: {"received", "would receive"},
	files.DeleteHere: {"deleted here", "would delete here"}, files.DeleteThere: {"deleted in the vault", "would delete in the vault"},
	files.HereWins: {"conflict", "conflict"}, files.ThereWins: {"conflict", "conflict"},
	files.Refuse: {"left alone", "left alone"},
}

func describeStep(s *files.Step, report files.Report) string {
	words := stepWords[s.Do][0]
	switch {
	case report.Dry:
		words = stepWords[s.Do][1]
	case stepGroup(s, report) == groupNoted:
		words = groupNoted
	}
	line := words + "  " + s.Source
	if s.Name != "" {
		line += ": " + s.Name
	}
	switch {
	case s.Failed != "":
		line = "left alone  " + strings.TrimPrefix(line, words+"  ") + ": " + s.Failed
	case s.Why != "":
		line += ": " + s.Why
	case s.Conflict():
		line += ": " + describeConflict(s)
	}
	return printable(line)
}

func describeConflict(s *files.Step) string {
	stands, lost := "the version of this home is later and stands", "the other one"
	if s.Do == files.ThereWins {
		stands, lost = "the version of another device is later and stands", "that of this home"
	}
	switch {
	case s.Kept != "":
		return stands + "; " + lost + " is kept as ~/" + s.Kept
	case s.Lost != "":
		return stands + "; " + lost + " was " + shorten(s.Lost)
	}
	return stands
}

// shorten keeps a value to a line.
func shorten(value string) string {
	const most = 120
	if runes := []rune(value); len(runes) > most {
		return string(runes[:most]) + "…"
	}
	return value
}

func summary(done map[string]int, report files.Report) string {
	var words []string
	for _, group := range []string{groupSent, groupNoted, groupReceived, groupDeleted, groupConflict, groupLeft} {
		if done[group] > 0 {
			words = append(words, fmt.Sprint(done[group], " ", group))
		}
	}
	if len(words) == 0 {
		words = []string{"everything is in step"}
	}
	text := strings.Join(words, ", ")
	if report.Dry {
		text = "nothing was done; it would be: " + text
	}
	if report.Waiting > 0 {
		text += fmt.Sprintf("; %d wait for the service", report.Waiting)
	}
	return text
}

// serviceIDs is the form in which the service names devices.
var serviceIDs = base32.NewEncoding("abcdefghijklmnopqrstuvwxyz234567").WithPadding(base32.NoPadding)

// deviceName is what the person calls a device, "" when that cannot be learned now. Devices are asked for once.
func (s *syncing) deviceName(id vault.ID) string {
	if s.names == nil {
		s.names = map[string]string{}
		all, _ := s.connection.Devices(s.ctx) // without them, kept versions are named by ids
		for _, d := range all.Devices {
			s.names[d.ID] = d.Name
			if d.Current {
				s.names[""] = d.Name
			}
		}
	}
	return s.names[serviceIDs.EncodeToString(id[:])]
}

// ownName is what the person calls this computer, or else what it calls itself.
func (s *syncing) ownName() string {
	s.deviceName(vault.ID{})
	if name := s.names[""]; name != "" {
		return name
	}
	host, _ := s.system.host() // "" will do
	return host
}
