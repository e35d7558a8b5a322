package account

import (
	"encoding/json"
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
	maxResources = 8
	maxConsent   = MaxTerms
	maxGrace     = 60 // seconds
	challengeLen = 43
	day          = 86400
	maxLifetime  = 400 * day // of a session, in seconds; browsers keep no cookie for longer
)

// bounds collects whether all arguments are inside their bounds, so that a method checks them in one expression.
type bounds struct{ exceeded bool }

func (b *bounds) check(ok bool) *bounds {
	b.exceeded = b.exceeded || !ok
	return b
}

// err is ErrBounds or nil.
func (b *bounds) err() error {
	if b.exceeded {
		return ErrBounds
	}
	return nil
}

func (b *bounds) hash(h []byte) *bounds { return b.check(len(h) == hashSize) }

func (b *bounds) id(id string) *bounds { return b.text(id, 1, maxID) }

func (b *bounds) text(s string, least, most int) *bounds {
	return b.check(len(s) >= least && len(s) <= most && utf8.ValidString(s) && !strings.ContainsFunc(s, control))
}

func (b *bounds) seconds(n, most int64) *bounds { return b.check(n > 0 && n <= most) }

func (b *bounds) displayName(s string) *bounds {
	return b.text(s, 0, 4*api.MaxDisplayName).check(utf8.RuneCountInString(s) <= api.MaxDisplayName)
}

func (b *bounds) record(record []byte, ksf api.KSF, keyID string) *bounds {
	return b.check(len(record) > 0 && len(record) <= maxRecord).check(ksf.Valid()).id(keyID)
}

func (b *bounds) ref(r SessionRef) *bounds {
	return b.id(r.ID).hash(r.SecretHash)
}

func (b *bounds) session(s NewSession) *bounds {
	b.id(s.ID).hash(s.SecretHash)
	b.seconds(s.Idle, maxLifetime).seconds(s.Absolute, maxLifetime)
	b.check(len(s.AMR) <= maxAMR)
	for _, method := range s.AMR {
		b.text(method, 1, maxID)
	}
	return b
}

// resources are URIs, so a space in one is a mistake, and would be two when read again.
func (b *bounds) resources(list []string) *bounds {
	b.check(len(list) <= maxResources)
	for _, one := range list {
		b.text(one, 1, maxText).check(!strings.Contains(one, " "))
	}
	return b
}

func (b *bounds) family(f family) *bounds {
	if f.hash == nil {
		return b
	}
	return b.hash(f.hash).seconds(f.lifetime, maxLifetime).seconds(f.absolute, maxLifetime).text(f.binding, 0, maxID)
}

func (b *bounds) device(d *NewDevice) *bounds {
	if d == nil {
		return b
	}
	return b.id(d.ID).hash(d.SecretHash).check(d.Kind == "" || d.Kind == api.DeviceBrowser || d.Kind == api.DeviceCommandLine)
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
