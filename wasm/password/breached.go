package password

import (
	"bytes"
	"crypto/sha1" // the range service's protocol; nothing rests on its strength
	"encoding/hex"
	"errors"
	"strconv"
	"strings"
)

// Range queries (k-anonymity, as the service of Have I Been Pwned defines them): the device sends the first five hex
// digits of the password's SHA-1, the service answers with the rest of every digest it knows under that prefix, padded
// with made-up ones so that the size says nothing, and the device looks for its own.

// MaxRange is the largest answer that is read, in bytes. Real ones are below 100 KiB.
const MaxRange = 2 << 20

// Digits of a query.
const (
	rangePrefix = 5
	rangeSuffix = 2*sha1.Size - rangePrefix
)

// ErrRange says that an answer is not one of a range service.
var ErrRange = errors.New("password: malformed range answer")

// RangeQuery returns what to ask for and what to look for, both in upper-case hex. Only prefix may leave the device.
func RangeQuery(password string) (prefix, suffix string) {
	digest := sha1.Sum([]byte(Normalize(password)))
	text := strings.ToUpper(hex.EncodeToString(digest[:]))
	return text[:rangePrefix], text[rangePrefix:]
}

// ParseRange looks for suffix in an answer and returns how often the password was seen, 0 for never. Padding lines have
// a count of 0. An answer with any malformed line is refused as a whole: it is not from a range service.
func ParseRange(answer []byte, suffix string) (count int, err error) {
	if len(answer) > MaxRange {
		return 0, ErrRange
	}
	for line := range bytes.Lines(answer) {
		found, seen, err := rangeLine(string(bytes.TrimRight(line, "\r\n")))
		if err != nil {
			return 0, err
		}
		if found == suffix {
			count = max(count, seen)
		}
	}
	return count, nil
}

func rangeLine(line string) (suffix string, count int, err error) {
	if line == "" {
		return "", 0, nil
	}
	suffix, number, ok := strings.Cut(strings.ToUpper(line), ":")
	if !ok || len(suffix) != rangeSuffix || strings.Trim(suffix, "0123456789ABCDEF") != "" {
		return "", 0, ErrRange
	}
	n, err := strconv.ParseUint(number, 10, 31)
	if err != nil {
		return "", 0, ErrRange
	}
	return suffix, int(n), nil
}
