package object

import (
	"fmt"
	"math"
	"time"
	"unicode/utf8"
)

// maxInteger is the largest that every host can keep: JS numbers lose integers beyond.
const maxInteger = 1 << 53

// bind turns an argument of Exec into one of the types of SQL.
func bind(arg any) (any, error) {
	switch v := arg.(type) {
	case nil:
		return nil, nil
	case string:
		if !utf8.ValidString(v) {
			return nil, fmt.Errorf("text is not UTF-8")
		}
		return v, nil
	case []byte:
		if v == nil {
			return nil, nil
		}
		return v, nil
	case int:
		return bindInteger(int64(v))
	case int64:
		return bindInteger(v)
	case bool:
		if v {
			return int64(1), nil
		}
		return int64(0), nil
	case float64:
		if math.IsNaN(v) || math.IsInf(v, 0) {
			return nil, fmt.Errorf("%v is no SQL number", v)
		}
		return v, nil
	case time.Time:
		return bindInteger(toUnix(v))
	}
	return nil, fmt.Errorf("type %T cannot be stored", arg)
}

func bindInteger(v int64) (any, error) {
	if v > maxInteger || v < -maxInteger {
		return nil, fmt.Errorf("integer is beyond 2^53")
	}
	return v, nil
}

// toUnix and fromUnix keep the zero time as 0.
func toUnix(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.Unix()
}

func fromUnix(s int64) time.Time {
	if s == 0 {
		return time.Time{}
	}
	return time.Unix(s, 0).UTC()
}
