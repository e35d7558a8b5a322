//go:build !js

package client_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/latchkey-id/latchkey/wasm/client"
)

func TestAnExportComesBackAsItWas(t *testing.T) {
	w := newWorld(t)
	d := w.owner()
	d.sets("theme", "dark")
	w.must(d.SetSetting(t.Context(), client.Setting{Collection: "b", Name: "bytes", Value: "/wD+", Binary: true}))
	text, err := d.ExportSettings(t.Context())
	w.must(err)
	n, err := d.DeleteAllSettings(t.Context())
	if err != nil || n != 2 {
		t.Errorf("%d, %v", n, err)
	}
	d.sets("other", "stays")
	would, err := d.ImportSettings(t.Context(), text, true)
	if err != nil || would.New != 2 || len(would.Entries) != 2 {
		t.Errorf("%+v, %v", would, err)
	}
	d.has("theme", "")
	did, err := d.ImportSettings(t.Context(), text, false)
	if err != nil || did.New != 2 {
		t.Errorf("%+v, %v", did, err)
	}
	d.has("theme", "dark")
	d.has("other", "stays")
	did, err = d.ImportSettings(t.Context(), text, false)
	if err != nil || did.New != 0 || did.Changed != 0 || did.Same != 2 {
		t.Errorf("%+v, %v", did, err)
	}
	d.syncs()
}

func FuzzParseExport(f *testing.F) {
	f.Add(`{"format":"latchkey-settings-1","account":"a","exported":"","settings":[{"collection":"c","name":"n","value":"v"}]}`)
	f.Add(`{"format":"latchkey-settings-1","settings":[{"collection":"c","name":"n","value":"/w==","binary":true}]}`)
	f.Add(`{"format":"latchkey-settings-2"}`)
	f.Fuzz(func(t *testing.T, text string) {
		edits, err := client.ParseExport(text)
		if err != nil {
			if codeOf(t, err) != client.CodeImport {
				t.Error(err)
			}
			return
		}
		seen := map[string]bool{}
		for _, e := range edits {
			if at := e.Collection + "\x00" + e.Name; seen[at] || e.Collection == "" || e.Name == "" || e.Delete {
				t.Errorf("%+v", e)
			} else {
				seen[at] = true
			}
		}
	})
}

func TestWhatIsNoExportIsRefusedAsAWhole(t *testing.T) {
	setting := func(s string) string { return `{"format":"latchkey-settings-1","settings":[` + s + `]}` }
	for name, text := range map[string]string{
		"nothing": "", "another format": `{"format":"latchkey-settings-9","settings":[]}`, "an unknown member": `{"format":"latchkey-settings-1","more":1}`,
		"two of a name": setting(`{"collection":"c","name":"n","value":"1"},{"collection":"c","name":"n","value":"2"}`),
		"no collection": setting(`{"name":"n","value":"1"}`), "no base64": setting(`{"collection":"c","name":"n","value":"%","binary":true}`),
		"too long": setting(`{"collection":"c","name":"n","value":"` + strings.Repeat("x", 960<<10+1) + `"}`), "more behind it": setting("") + "x",
	} {
		if _, err := client.ParseExport(text); codeOf(t, err) != client.CodeImport {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := client.ParseExport(setting(`{"collection":"c","name":"n","value":"1","device":"d","modified":1}`)); err != nil {
		t.Error(err)
	}
}

// What pages and programs read is what protocol.md says.
func TestTheFormOfAnExport(t *testing.T) {
	w := newWorld(t)
	d := w.owner()
	d.sets("theme", "dark")
	text, err := d.ExportSettings(t.Context())
	w.must(err)
	var members map[string]any
	w.must(json.Unmarshal([]byte(text), &members))
	if members["format"] != client.ExportFormat || members["account"] != ada || members["exported"] == "" || len(members) != 4 {
		t.Error(text)
	}
}
