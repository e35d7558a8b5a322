package account

import (
	"encoding/json"
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/latchkey-id/latchkey/edge/api"
)

// Bounds of what is stored, in bytes unless said otherwise.
const (
	hashSize     = 32
	maxLabel     = 128
	maxID        = 64
	maxToken     = 256
	maxRecord    = 512 // an OPAQUE record of the suite has 192
	maxMail      = 8 << 10
	maxClientID  = 128
	maxURI       = 2048
	maxText      = 1024
	maxAMR       = 8
	challengeLen = 43
	day          = 86400
	maxLifetime  = 400 * day // of a session, in seconds; browsers keep no cookie for longer
)

// bounds collects the first argument that is out of its bounds, so that a method checks all of them in one expression.
type bounds struct{ bad string }

func (b *bounds) check(ok bool, what string) *bounds {
	if !ok && b.bad == "" {
		b.bad = what
	}
	return b
}

// err is ErrBounds with the name of the argument, or nil.
func (b *bounds) err() error {
	if b.bad == "" {
		return nil
	}
	return fmt.Errorf("account: %s: %w", b.bad, ErrBounds)
}

func (b *bounds) hash(h []byte, what string) *bounds { return b.check(len(h) == hashSize, what) }

func (b *bounds) id(id, what string) *bounds { return b.text(id, 1, maxID, what) }

func (b *bounds) text(s string, least, most int, what string) *bounds {
	return b.check(len(s) >= least && len(s) <= most && utf8.ValidString(s) && !strings.ContainsFunc(s, control), what)
}

func (b *bounds) seconds(n, most int64, what string) *bounds {
	return b.check(n > 0 && n <= most, what)
}

func (b *bounds) displayName(s string) *bounds {
	return b.text(s, 0, 4*api.MaxDisplayName, "name").check(utf8.RuneCountInString(s) <= api.MaxDisplayName, "name")
}

func (b *bounds) record(record []byte, ksf api.KSF, keyID string) *bounds {
	return b.check(len(record) > 0 && len(record) <= maxRecord, "record").check(ksf.Valid(), "ksf").id(keyID, "key_id")
}

func (b *bounds) ref(r SessionRef) *bounds {
	return b.id(r.ID, "session.id").hash(r.SecretHash, "session.secret_hash")
}

func (b *bounds) session(s NewSession) *bounds {
	b.id(s.ID, "session.id").hash(s.SecretHash, "session.secret_hash")
	b.seconds(s.Idle, maxLifetime, "session.idle").seconds(s.Absolute, maxLifetime, "session.absolute")
	b.check(len(s.AMR) <= maxAMR, "session.amr")
	for _, method := range s.AMR {
		b.text(method, 1, maxID, "session.amr")
	}
	return b
}

func (b *bounds) device(d *NewDevice) *bounds {
	if d == nil {
		return b
	}
	return b.id(d.ID, "device.id").hash(d.SecretHash, "device.secret_hash")
}

func control(r rune) bool { return r < 0x20 || r == 0x7f }

// clip cuts a label that only people read to maxLabel bytes, at the border of a character, and drops control characters.
func clip(s string) string {
	s = strings.Map(func(r rune) rune {
		if control(r) {
			return -1
		}
		return r
	}, strings.ToValidUTF8(s, ""))
	if len(s) <= maxLabel {
		return s
	}
	cut := maxLabel
	for !utf8.RuneStart(s[cut]) {
		cut--
	}
	return s[:cut]
}

// blob keeps nil out of columns that are NOT NULL.
func blob(b []byte) []byte {
	if b == nil {
		return []byte{}
	}
	return b
}

// jsonText is v as it is stored in a TEXT column; the values are our own structs and lists, which always marshal.
func jsonText(v any) string {
	data, err := json.Marshal(v)
	if err != nil {
		panic(err)
	}
	return string(data)
}

// fromText reads what jsonText wrote.
func fromText(text string, v any) {
	if err := json.Unmarshal([]byte(text), v); err != nil {
		panic(err)
	}
}
