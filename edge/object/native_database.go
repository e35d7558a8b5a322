//go:build !js

package object

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"io"
	"net/url"
	"path/filepath"

	"modernc.org/sqlite"
)

// settings bring SQLite to what Durable Objects do, and make a commit durable.
var settings = []string{"PRAGMA journal_mode=WAL", "PRAGMA synchronous=FULL", "PRAGMA foreign_keys=ON", "PRAGMA trusted_schema=OFF"}

// database is one connection to a SQLite file. It is used by one goroutine at a time.
type database struct {
	conn   driver.Conn
	query  driver.QueryerContext
	memory bool

	signals []Signal // of the open transaction
}

var _ Signalling = (*database)(nil)

// Signal implements Signalling.
func (db *database) Signal(list []Signal) { db.signals = list }

// openDatabase opens a file, or a new database in memory when path is empty.
func openDatabase(path string) (*database, error) {
	const options = "_dqs=0&_busy_timeout=2000" // only a backup may have it open as well
	dsn := "file::memory:?" + options
	if path != "" {
		abs, err := filepath.Abs(path)
		if err != nil {
			return nil, err
		}
		dsn = (&url.URL{Scheme: "file", Path: filepath.ToSlash(abs), RawQuery: options}).String()
	}
	conn, err := (&sqlite.Driver{}).Open(dsn)
	if err != nil {
		return nil, err
	}
	query, ok := conn.(driver.QueryerContext)
	if !ok {
		conn.Close()
		return nil, errors.New("object: SQLite driver cannot query")
	}
	db := &database{conn: conn, query: query, memory: path == ""}
	for _, s := range settings {
		if _, err := db.Exec(s, nil); err != nil {
			conn.Close()
			return nil, err
		}
	}
	return db, nil
}

// Exec implements SQL.
func (db *database) Exec(query string, args []any) (list [][]any, err error) {
	values := make([]driver.NamedValue, len(args))
	for i, arg := range args {
		values[i] = driver.NamedValue{Ordinal: i + 1, Value: arg}
	}
	rows, err := db.query.QueryContext(context.Background(), query, values)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	for {
		row := make([]driver.Value, len(rows.Columns()))
		if err := rows.Next(row); err == io.EOF {
			return list, nil
		} else if err != nil {
			return nil, err
		}
		cells := make([]any, len(row))
		for i, v := range row {
			switch v.(type) {
			case nil, int64, float64, string, []byte:
				cells[i] = v
			default: // the driver gives columns of non-STRICT tables types of its own
				return nil, fmt.Errorf("object: column %d has type %T: declare the table STRICT", i+1, v)
			}
		}
		list = append(list, cells)
	}
}

// Close closes the connection and rolls back what is open.
func (db *database) Close() error { return db.conn.Close() }
