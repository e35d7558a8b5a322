package tenant

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
)

// MaxFile bounds a file of applications, in bytes.
const MaxFile = 256 << 10

// maxApplications bounds the applications of one file, and its resources.
const maxApplications = 200

// File is what a file of applications says.
type File struct {
	Applications []Application // to add, or to replace by client id
	Remove       []string      // client ids to forget

	Resources       []Resource // to add, or to replace by identifier
	RemoveResources []string   // identifiers to forget
}

// algs are the signature algorithms that applications and resources want to be answered with.
func (f File) algs() []string {
	var algs []string
	want := func(alg string) {
		if alg != "" && !slices.Contains(algs, alg) {
			algs = append(algs, alg)
		}
	}
	for _, app := range f.Applications {
		for _, alg := range app.Algs() {
			want(alg)
		}
	}
	for _, r := range f.Resources {
		want(r.SigningAlg)
	}
	return algs
}

// Algs are the signature algorithms that the application wants to be answered with.
func (a Application) Algs() []string {
	return slices.DeleteFunc([]string{a.IDTokenAlg, a.UserinfoAlg, a.IntrospectionAlg}, func(alg string) bool { return alg == "" })
}

// Fault is one thing that is wrong with a file.
type Fault struct {
	Application string `json:"application,omitempty"` // client id, or "#2" when it has none that can be read
	Resource    string `json:"resource,omitempty"`    // identifier, likewise
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
	text := strings.TrimSpace(f.Field + " " + f.Fault)
	switch {
	case f.Application != "":
		return "application " + f.Application + ": " + text
	case f.Resource != "":
		return "resource " + f.Resource + ": " + text
	}
	return text
}

// Parse reads {"applications": […], "remove": […], "resources": […], "remove_resources": […]} of at most MaxFile bytes. It is strict:
// unknown, misspelt and repeated members are refused, because a setting that is silently dropped is worse than one that is refused.
// Its error is Faults.
//
// An application that says nothing else is for the web, is answered a code at its redirect URIs by query or form_post, may ask for openid,
// profile and email, authenticates with its secret in either way, gets ES256 ID tokens with public subjects, and its operator has
// consented for everyone. Naming offline_access among its scopes adds the refresh_token grant when grant_types does not say otherwise.
func Parse(data []byte) (File, error) {
	var top struct {
		Applications    []json.RawMessage `json:"applications"`
		Remove          []string          `json:"remove"`
		Resources       []json.RawMessage `json:"resources"`
		RemoveResources []string          `json:"remove_resources"`
	}
	if len(data) > MaxFile {
		return File{}, Faults{{Fault: "the file is larger than 256 KiB: split it, files add to each other"}}
	}
	if err := strict(data, &top, []string{"applications", "remove", "resources", "remove_resources"}); err != nil {
		return File{}, Faults{{Fault: "the file " + err.Error()}}
	}
	most := max(len(top.Applications), len(top.Remove), len(top.Resources), len(top.RemoveResources))
	switch {
	case most > maxApplications:
		return File{}, Faults{{Fault: "the file has more than 200 applications or resources: split it, files add to each other"}}
	case most == 0:
		return File{}, Faults{{Field: "applications", Fault: "is empty: there is nothing to do"}}
	}
	file := File{Remove: top.Remove, RemoveResources: top.RemoveResources}
	var faults Faults
	for i, raw := range top.Applications {
		app, wrong := parseApplication(raw, fmt.Sprintf("#%d", i+1))
		if faults = append(faults, wrong...); len(wrong) == 0 {
			file.Applications = append(file.Applications, app)
		}
	}
	for i, raw := range top.Resources {
		r, wrong := parseResource(raw, fmt.Sprintf("#%d", i+1))
		if faults = append(faults, wrong...); len(wrong) == 0 {
			file.Resources = append(file.Resources, r)
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
			faults = append(faults, Fault{Application: app.ClientID, Field: "client_id", Fault: "is in the file twice: merge the two entries"})
		}
		seen = append(seen, app.ClientID)
	}
	for _, id := range file.Remove {
		if slices.Contains(seen, id) {
			faults = append(faults, Fault{Application: id, Field: "client_id", Fault: "is both in applications and in remove, or in remove twice: keep one"})
		}
		if !validClientID(id) {
			faults = append(faults, Fault{Field: "remove", Fault: "has something that is no client id: use the client_id of a registered application"})
		}
		if dynamicID(id) {
			faults = append(faults, Fault{Application: id, Field: "remove", Fault: "registered itself: use latchkey apps remove"})
		}
		seen = append(seen, id)
	}
	return append(faults, repeatedResources(file)...)
}

func repeatedResources(file File) (faults Faults) {
	var seen []string
	for _, r := range file.Resources {
		if slices.Contains(seen, r.Identifier) {
			faults = append(faults, Fault{Resource: r.Identifier, Field: "identifier", Fault: "is in the file twice: merge the two entries"})
		}
		seen = append(seen, r.Identifier)
	}
	for _, id := range file.RemoveResources {
		if slices.Contains(seen, id) {
			faults = append(faults, Fault{Resource: id, Field: "identifier", Fault: "is both in resources and in remove_resources, or in remove_resources twice: keep one"})
		}
		if identifierFault(id) != "" {
			faults = append(faults, Fault{Field: "remove_resources", Fault: "has something that is no identifier: use that of a registered resource"})
		}
		seen = append(seen, id)
	}
	return faults
}
