package files

import (
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
)

const (
	stateFile    = "sync.json"
	stateVersion = 1
	maxState     = 64 << 20 // bytes
)

// ErrState says that the state file is damaged. Without it, homes are joined as at the first time: nothing is deleted, what
// differs is a conflict.
var ErrState = errors.New("the state file is damaged; move it away to join this home anew")

// past is what is remembered of one name.
type past struct {
	ID      string `json:"id,omitempty"`      // version that both had when they last agreed
	At      int64  `json:"at,omitempty"`      // when, unix milliseconds
	Offered string `json:"offered,omitempty"` // version given to the vault that it has not sent yet, as far as known
	Was     string `json:"was,omitempty"`     // version that was deleted
}

// sourceState is what is remembered of one source.
type sourceState struct {
	Kind  Kind            `json:"kind"`
	Place string          `json:"place,omitempty"` // directory or file, for kinds that have one
	Items map[string]past `json:"items"`
}

// state is what a home remembers between rounds.
type state struct {
	Version int                     `json:"version"`
	Vault   string                  `json:"vault"` // fingerprint: another vault has agreed on nothing
	Sources map[string]*sourceState `json:"sources"`
}

// loadState reads the state file. Error: ErrState.
func loadState(d disk) (*state, error) {
	file, err := d.Open(stateFile)
	if errors.Is(err, fs.ErrNotExist) {
		return newState(nil), nil
	}
	if err != nil {
		return nil, err
	}
	defer file.Close()
	data, err := io.ReadAll(io.LimitReader(file, maxState+1))
	if err != nil {
		return nil, err
	}
	return decodeState(data)
}

func newState(fingerprint []byte) *state {
	return &state{stateVersion, hex.EncodeToString(fingerprint), map[string]*sourceState{}}
}

func decodeState(data []byte) (*state, error) {
	var s state
	if len(data) > maxState || json.Unmarshal(data, &s) != nil || s.Version < 1 || s.Sources == nil {
		return nil, ErrState
	}
	if s.Version > stateVersion {
		return nil, fmt.Errorf("%w: a newer latchkey wrote it", ErrState)
	}
	for _, source := range s.Sources {
		if source == nil {
			return nil, ErrState
		}
		if source.Items == nil {
			source.Items = map[string]past{}
		}
	}
	return &s, nil
}

func (s *state) save(d disk) error {
	data, err := json.Marshal(s)
	if err != nil {
		return err
	}
	return place(d, stateFile, &item{value: data, mode: 0o600}, nil)
}

// source returns what is remembered of a source. One that is of another kind or elsewhere by now is a new one.
func (s *state) source(of Source) *sourceState {
	at := ""
	if of.Kind == Tree || of.Kind == Keys {
		at = of.Paths[0]
	}
	known := s.Sources[of.Name]
	if known == nil || known.Kind != of.Kind || known.Place != at {
		known = &sourceState{of.Kind, at, map[string]past{}}
		s.Sources[of.Name] = known
	}
	return known
}

// known counts the names that both sides have.
func (s *sourceState) known() (n int) {
	for _, p := range s.Items {
		if p.ID != "" {
			n++
		}
	}
	return n
}
