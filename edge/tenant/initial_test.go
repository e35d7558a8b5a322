//go:build !js

package tenant

import (
	"database/sql"
	"path/filepath"
	"testing"
	"time"

	_ "modernc.org/sqlite"

	"github.com/latchkey-id/latchkey/edge/object"
)

// A token that has expired is erased, not only refused, and the others keep their time.
func TestExpiredInitialTokensAreErased(t *testing.T) {
	c, dir := &clock{}, t.TempDir()
	host, err := object.NewNative(object.NativeConfig{Dir: dir, Now: c.Now}, New())
	if err != nil {
		t.Fatal(err)
	}
	s := NewService(ServiceDeps{Host: host, Now: c.Now})
	for id, life := range map[string]time.Duration{"hour": time.Hour, "minute": time.Minute, "day": 24 * time.Hour} {
		if err := s.AddInitialToken(t.Context(), AddInitialTokenIn{ID: id, Hash: HashSecret(id), Uses: 1, Life: life}); err != nil {
			t.Fatal(err)
		}
	}
	for range 2 {
		c.Add(3600)
		if err := host.Wake(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	if err := host.Close(); err != nil {
		t.Fatal(err)
	}
	files, _ := filepath.Glob(filepath.Join(dir, KindName, "*.sqlite"))
	if len(files) != 1 {
		t.Fatalf("%v", files)
	}
	db, err := sql.Open("sqlite", files[0])
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	var kept string
	var alarm int64
	if err := db.QueryRow(`SELECT group_concat(id), (SELECT alarm FROM _object_state) FROM initial_token`).Scan(&kept, &alarm); err != nil {
		t.Fatal(err)
	}
	if kept != "day" || alarm != time.Unix(1_790_000_000, 0).Add(24*time.Hour).Unix() {
		t.Errorf("kept %s, next alarm %d", kept, alarm)
	}
}
