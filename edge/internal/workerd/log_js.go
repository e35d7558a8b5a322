//go:build js && wasm

package workerd

import "log/slog"

// NewLogHandler returns the handler for the program's log: JSON, one line a record, to the runtime's log.
func NewLogHandler(level slog.Leveler) slog.Handler { return newLogHandler(logWriter{}, level) }

// logWriter passes each line to the runtime's console.
type logWriter struct{}

func (logWriter) Write(line []byte) (int, error) {
	hostLog(pointer(line), int32(len(line)-1)) // the console ends lines itself
	return len(line), nil
}
