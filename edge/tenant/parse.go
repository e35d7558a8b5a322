package tenant

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
)

// MaxFile bounds a file of applications, in bytes.
const MaxFile = 256 << 10

// maxApplications bounds the applications of one file.
const maxApplications = 200

// File is what a file of applications says.
type File struct {
	Applications []Application // to add, or to replace by client id
	Remove       []string      // client ids to forget
}

// algs are the ID token algorithms that the applications want.
func (f File) algs() []string {
	var algs []string
	for _, app := range f.Applications {
		if !slices.Contains(algs, app.IDTokenAlg) {
			algs = append(algs, app.IDTokenAlg)
		}
	}
	return algs
}

// Fault is one thing that is wrong with a file.
type Fault struct {
	Application string `json:"application,omitempty"` // client id, or "#2" when it has none that can be read
	Field       string `json:"field,omitempty"`
	Fault       string `json:"fault"` // what is wrong and what to do
}

// Faults is the error of Parse: everything that is wrong, not only the first thing.
type Faults []Fault

// Error lists the faults, one a line.
func (f Faults) Error() string {
	var b strings.Builder
	for i, fault := range f {
		if i > 0 {
			b.WriteByte('\n')
		}
		b.WriteString(fault.String())
	}
	return b.String()
}

// String is the fault as a sentence.
func (f Fault) String() string {
	switch {
	case f.Application == "":
		return strings.TrimSpace(f.Field + " " + f.Fault)
	case f.Field == "":
		return fmt.Sprintf("application %s: %s", f.Application, f.Fault)
	}
	return fmt.Sprintf("application %s: %s %s", f.Application, f.Field, f.Fault)
}

// Parse reads {"applications": […], "remove": […]} of at most MaxFile bytes. It is strict: unknown, misspelt and repeated members
// are refused, because a setting that is silently dropped is worse than one that is refused. Its error is Faults.
func Parse(data []byte) (File, error) {
	var top struct {
		Applications []json.RawMessage `json:"applications"`
		Remove       []string          `json:"remove"`
	}
	if len(data) > MaxFile {
		return File{}, Faults{{Fault: "the file is larger than 256 KiB: split it, files add to each other"}}
	}
	if err := strict(data, &top, []string{"applications", "remove"}); err != nil {
		return File{}, Faults{{Fault: "the file " + err.Error()}}
	}
	if len(top.Applications) > maxApplications || len(top.Remove) > maxApplications {
		return File{}, Faults{{Fault: "the file has more than 200 applications: split it, files add to each other"}}
	}
	if len(top.Applications)+len(top.Remove) == 0 {
		return File{}, Faults{{Field: "applications", Fault: "is empty: there is nothing to do"}}
	}
	file := File{Remove: top.Remove}
	var faults Faults
	for i, raw := range top.Applications {
		app, wrong := parseApplication(raw, fmt.Sprintf("#%d", i+1))
		if faults = append(faults, wrong...); len(wrong) == 0 {
			file.Applications = append(file.Applications, app)
		}
	}
	faults = append(faults, repeated(file)...)
	if len(faults) > 0 {
		return File{}, faults
	}
	return file, nil
}

// repeated finds client ids that the file mentions twice.
func repeated(file File) Faults {
	var faults Faults
	var seen []string
	for _, app := range file.Applications {
		if slices.Contains(seen, app.ClientID) {
			faults = append(faults, Fault{app.ClientID, "client_id", "is in the file twice: merge the two entries"})
		}
		seen = append(seen, app.ClientID)
	}
	for _, id := range file.Remove {
		if slices.Contains(seen, id) {
			faults = append(faults, Fault{id, "client_id", "is both in applications and in remove, or in remove twice: keep one"})
		}
		if !validClientID(id) {
			faults = append(faults, Fault{Field: "remove", Fault: "has something that is no client id: use the client_id of a registered application"})
		}
		seen = append(seen, id)
	}
	return faults
}
