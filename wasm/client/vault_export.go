package client

import (
	"context"
	"encoding/json"
	"slices"
	"strings"
	"time"

	"github.com/latchkey-id/latchkey/wasm/vault"
)

// Export is what settings are exported as: JSON, with everything in the open. Format is ExportFormat.
type Export struct {
	Format   string    `json:"format"`
	Account  string    `json:"account"`  // UPN
	Exported string    `json:"exported"` // RFC 3339
	Settings []Setting `json:"settings"`

	Application string `json:"application,omitempty"` // client id of the application that keeps them; not to be imported
}

// ExportFormat names what an Export is. A program that reads another one refuses it.
const ExportFormat = "latchkey-settings-1"

// maxImport bounds an export that is read, in bytes.
const maxImport = 128 << 20

// Import says what an import did, or with a dry run would do.
type Import struct {
	New     int       `json:"new"`     // settings that are not there
	Changed int       `json:"changed"` // that have another value here
	Same    int       `json:"same"`    // that are there as they are
	Entries []Setting `json:"entries"` // the new and the changed ones, as they would be
}

// ExportSettings gives all settings as text. Whoever has it can read them.
func (c *Client) ExportSettings(ctx context.Context) (string, error) {
	account, err := c.who(ctx)
	if err != nil {
		return "", err
	}
	settings, err := c.Settings(ctx, "")
	if err != nil {
		return "", err
	}
	return c.export(Export{Account: account.UPN, Settings: settings})
}

func (c *Client) export(e Export) (string, error) {
	e.Format, e.Exported = ExportFormat, c.now().UTC().Format(time.RFC3339)
	text, err := json.MarshalIndent(e, "", "  ")
	return string(text) + "\n", err
}

// ParseExport reads what ExportSettings gave, or somebody wrote in its form. Unknown members, a name twice and what could not be written are
// CodeImport.
func ParseExport(text string) ([]vault.Edit, error) {
	malformed := problem(CodeImport, "This is not an export of settings.")
	var in Export
	decoder := json.NewDecoder(strings.NewReader(text))
	decoder.DisallowUnknownFields()
	if len(text) > maxImport || decoder.Decode(&in) != nil || decoder.More() || in.Format != ExportFormat || in.Application != "" {
		return nil, malformed
	}
	edits := []vault.Edit{}
	seen := map[[2]string]bool{}
	for _, s := range in.Settings {
		value, err := s.value()
		at := [2]string{s.Collection, s.Name}
		if err != nil || seen[at] || !vault.ValidName(s.Collection) || !vault.ValidName(s.Name) || len(value) > vault.MaxValue {
			return nil, malformed
		}
		seen[at] = true
		if s.Collection == applicationKeys { // a key of then opens nothing of now
			continue
		}
		edits = append(edits, vault.Edit{Collection: s.Collection, Name: s.Name, Value: value})
	}
	return edits, nil
}

// ImportSettings writes what an export has; what it does not have stays. With dry it only says what it would do. All of it is written, or
// nothing. Errors: CodeImport, those of OpenVault.
func (c *Client) ImportSettings(ctx context.Context, text string, dry bool) (Import, error) {
	edits, err := ParseExport(text)
	if err != nil {
		return Import{}, err
	}
	open, err := c.OpenVault(ctx)
	if err != nil {
		return Import{}, err
	}
	defer open.Close()
	answer := Import{Entries: []Setting{}}
	for _, e := range edits {
		old, there := open.Get(e.Collection, e.Name)
		switch {
		case there && slices.Equal(old.Value, e.Value):
			answer.Same++
			continue
		case there:
			answer.Changed++
		default:
			answer.New++
		}
		entry := ShowSetting(vault.Setting{Collection: e.Collection, Name: e.Name, Value: e.Value})
		answer.Entries = append(answer.Entries, Setting{Collection: entry.Collection, Name: entry.Name, Value: entry.Value, Binary: entry.Binary})
	}
	if dry {
		return answer, nil
	}
	_, err = c.edit(ctx, edits)
	return answer, err
}
