//go:build js && wasm

package workerd

import (
	"io"
	"log/slog"
)

// NewLogHandler returns the handler for the program's log: JSON, one line a record, to the runtime's log.
func NewLogHandler(level slog.Leveler) slog.Handler {
	return slog.NewJSONHandler(logWriter{}, &slog.HandlerOptions{Level: level})
}

// logWriter passes each line to the runtime's console.
type logWriter struct{}

var _ io.Writer = logWriter{}

func (logWriter) Write(line []byte) (int, error) {
	hostLog(pointer(line), int32(len(line)))
	return len(line), nil
}
