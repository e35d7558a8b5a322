package files

import (
	"encoding/json"
	"slices"
)

// Do is what a round does with one name.
type Do string

// What a round does.
const (
	Send        Do = "send"         // to the vault
	Take        Do = "take"         // from the vault
	DeleteThere Do = "delete-there" // from the vault, because it was deleted here
	DeleteHere  Do = "delete-here"  // because it was deleted elsewhere
	HereWins    Do = "here-wins"    // conflict: what is here is later, and stands
	ThereWins   Do = "there-wins"   // conflict: what the vault has is later, and stands
	Refuse      Do = "refuse"       // left alone; Why says why
)

// Step is what a round did, or in a dry run would do, with one name.
type Step struct {
	Source string `json:"source"`
	Name   string `json:"name"`
	Do     Do     `json:"do"`
	Why    string `json:"why,omitempty"`    // when it is not obvious
	Kept   string `json:"kept,omitempty"`   // where the version that lost a conflict is, below the home
	Lost   string `json:"lost,omitempty"`   // value of a key that lost one
	Failed string `json:"failed,omitempty"` // it was not done, and why
	// Deletion tells that the step is held back or decided because of a deletion on the other side.
	Deletion bool `json:"deletion,omitempty"`

	verdict verdict
	view    view
}

// Conflict reports whether both sides had changed.
func (s *Step) Conflict() bool { return s.Do == HereWins || s.Do == ThereWins }

// Report is what a round did.
type Report struct {
	Steps    []*Step `json:"steps"`
	Waiting  int     `json:"waiting"`            // edits that the service does not have yet
	Unsynced string  `json:"unsynced,omitempty"` // why the service could not be asked, or not be told everything
	Reason   error   `json:"-"`                  // the same
	Dry      bool    `json:"dry,omitempty"`
}

// Conflicts counts.
func (r *Report) Conflicts() int { return r.count((*Step).Conflict) }

// Failures counts what was refused, held back or went wrong.
func (r *Report) Failures() int {
	return r.count(func(s *Step) bool { return s.Failed != "" || s.Do == Refuse })
}

func (r *Report) count(is func(*Step) bool) (n int) {
	for _, s := range r.Steps {
		if is(s) {
			n++
		}
	}
	return n
}

// MarshalJSON writes an empty list of steps as one.
func (r Report) MarshalJSON() ([]byte, error) {
	type same Report
	if r.Steps == nil {
		r.Steps = []*Step{}
	}
	return json.Marshal(same(r))
}

// add takes what a pass found in a source. What did not work in the pass before was looked at again.
func (r *Report) add(source string, steps []*Step) {
	r.Steps = slices.DeleteFunc(r.Steps, func(s *Step) bool { return s.Source == source && !s.open() })
	r.Steps = append(r.Steps, steps...)
}
