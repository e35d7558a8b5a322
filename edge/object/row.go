package object

import (
	"fmt"
	"time"
)

// Row is one row of a result, or none.
type Row struct {
	query  string
	values []any
}

// Scan copies the columns into what dest points to (*string, *[]byte, *int, *int64, *bool, *float64, *time.Time) and reports
// whether there was a row. NULL becomes the zero value. It panics when the number or type of the columns does not fit: both
// are mistakes of the program.
func (r Row) Scan(dest ...any) bool {
	if r.values == nil {
		return false
	}
	if len(dest) != len(r.values) {
		panic(&sqlError{r.query, fmt.Errorf("%d columns scanned into %d", len(r.values), len(dest))})
	}
	for i, d := range dest {
		if !assign(d, r.values[i]) {
			panic(&sqlError{r.query, fmt.Errorf("column %d: %T does not fit in %T", i+1, r.values[i], d)})
		}
	}
	return true
}

func assign(dest, value any) bool {
	switch d := dest.(type) {
	case *string:
		v, ok := value.(string)
		*d = v
		return ok || value == nil
	case *[]byte:
		v, ok := value.([]byte)
		if ok && v == nil {
			v = []byte{}
		}
		*d = v
		return ok || value == nil
	case *float64:
		return assignFloat(d, value)
	}
	n, ok := integer(value)
	if !ok {
		return false
	}
	switch d := dest.(type) {
	case *int64:
		*d = n
	case *int:
		*d = int(n)
	case *bool:
		*d = n != 0
	case *time.Time:
		*d = fromUnix(n)
	default:
		return false
	}
	return true
}

// assignFloat takes integers too: a host may not be able to tell 1.0 from 1.
func assignFloat(d *float64, value any) bool {
	switch v := value.(type) {
	case nil:
		*d = 0
	case float64:
		*d = v
	case int64:
		*d = float64(v)
	default:
		return false
	}
	return true
}

// integer takes whole floats too, for the same reason.
func integer(value any) (int64, bool) {
	switch v := value.(type) {
	case nil:
		return 0, true
	case int64:
		return v, true
	case float64:
		n := int64(v)
		return n, float64(n) == v && n <= maxInteger && n >= -maxInteger
	}
	return 0, false
}
