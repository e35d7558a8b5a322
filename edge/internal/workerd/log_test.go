package workerd

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"testing"
	"time"
)

func TestTheLogIsWhatSlogWrites(t *testing.T) {
	now := time.Date(2026, 11, 22, 17, 30, 5, 123_000_000, time.UTC)
	for _, attrs := range [][]slog.Attr{
		nil,
		{slog.String("request", "8f-1"), slog.String("method", "GET"), slog.String("path", "/oauth2/token"), slog.Int("status", 200), slog.Int64("ms", -3)},
		{slog.String("path", `/"\`), slog.Int("status", 404)},
		{slog.String("path", "/ö\n\x7f<>&"), slog.String("k\"", "v"), slog.String("\t", "v")},
		{slog.String("empty", ""), slog.String("", "no key")},
		{slog.Any("error", errors.New("no")), slog.Bool("b", true), slog.Group("g", slog.Int("n", 1))},
		{slog.Int("1", 1), slog.Int("2", 2), slog.Int("3", 3), slog.Int("4", 4), slog.Int("5", 5), slog.Int("6", 6), slog.Int("7", 7)},
		{slog.Attr{}, slog.Group("empty"), slog.Any("value", slog.StringValue("v")), slog.Duration("d", time.Second)},
	} {
		for _, at := range []time.Time{now, now.In(time.FixedZone("", 5400)), {}, now.Truncate(time.Second)} {
			for _, message := range []string{"request", "", "a \"b\""} {
				var got, want bytes.Buffer
				r := slog.NewRecord(at, slog.LevelWarn, message, 0)
				r.AddAttrs(attrs...)
				h := newLogHandler(&got, slog.LevelInfo)
				for range 2 { // the memory of a line is used again
					got.Reset()
					if err := h.Handle(context.Background(), r); err != nil {
						t.Fatal(err)
					}
				}
				if err := slog.NewJSONHandler(&want, nil).Handle(context.Background(), r); err != nil {
					t.Fatal(err)
				}
				if got.String() != want.String() {
					t.Errorf("got  %swant %s", got.String(), want.String())
				}
			}
		}
	}
}

func TestTheLogHasALevelAndGroups(t *testing.T) {
	var out bytes.Buffer
	log := slog.New(newLogHandler(&out, slog.LevelInfo))
	log.Debug("unseen")
	log.With("a", "b").WithGroup("g").Info("seen", "c", 1)
	if !bytes.HasSuffix(out.Bytes(), []byte(`"level":"INFO","msg":"seen","a":"b","g":{"c":1}}`+"\n")) || bytes.Contains(out.Bytes(), []byte("unseen")) {
		t.Errorf("%s", out.Bytes())
	}
}
