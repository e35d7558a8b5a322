package workerd

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"
)

// One statement crosses as a frame of its text followed by its arguments, and its rows come back as the number of columns in
// four bytes followed by the values of all rows. Each argument and value is a tag and what the tag says, little-endian.
const (
	tagNull  = 0
	tagInt   = 1 // eight bytes, two's complement
	tagFloat = 2 // eight bytes, IEEE 754
	tagText  = 3 // four bytes of length, UTF-8
	tagBlob  = 4 // four bytes of length
)

// maxInteger is the largest whole number that JavaScript, through which SQL is reached, tells from its neighbours.
const maxInteger = 1 << 53

var (
	// ErrInteger refuses a whole number outside ±2^53, which the runtime's SQL would silently change.
	ErrInteger = errors.New("workerd: integer over 2^53 in SQL")

	errRows = errors.New("workerd: malformed rows")
)

// appendArguments writes the arguments of a statement.
func appendArguments(dst []byte, args []any) ([]byte, error) {
	for i, arg := range args {
		switch v := arg.(type) {
		case nil:
			dst = append(dst, tagNull)
		case int64:
			if v > maxInteger || v < -maxInteger {
				return dst, ErrInteger
			}
			dst = binary.LittleEndian.AppendUint64(append(dst, tagInt), uint64(v))
		case float64:
			dst = binary.LittleEndian.AppendUint64(append(dst, tagFloat), math.Float64bits(v))
		case string:
			dst = appendField(append(dst, tagText), v)
		case []byte:
			dst = appendField(append(dst, tagBlob), v)
		default:
			return dst, fmt.Errorf("workerd: argument %d of a statement is a %T", i+1, arg)
		}
	}
	return dst, nil
}

// parseRows reads the rows of a statement. A number without a fraction within ±2^53 is an int64 whatever its column
// says, because JavaScript has one kind of number; any other is a float64. Strings and blobs are copies.
func parseRows(data []byte) ([][]any, error) {
	if len(data) == 0 {
		return nil, nil
	}
	if len(data) < 4 {
		return nil, errRows
	}
	columns := int(binary.LittleEndian.Uint32(data))
	data = data[4:]
	if len(data) == 0 {
		return nil, nil
	}
	if columns == 0 || columns > len(data) { // a value is a byte at least
		return nil, errRows
	}
	var rows [][]any
	for len(data) > 0 {
		row := make([]any, columns)
		for i := range row {
			var err error
			if row[i], data, err = parseValue(data); err != nil {
				return nil, err
			}
		}
		rows = append(rows, row)
	}
	return rows, nil
}

func parseValue(data []byte) (value any, rest []byte, err error) {
	if len(data) == 0 {
		return nil, nil, errRows
	}
	tag, data := data[0], data[1:]
	switch tag {
	case tagNull:
		return nil, data, nil
	case tagInt, tagFloat:
		if len(data) < 8 {
			return nil, nil, errRows
		}
		bits := binary.LittleEndian.Uint64(data)
		if tag == tagInt {
			return int64(bits), data[8:], nil
		}
		return math.Float64frombits(bits), data[8:], nil
	case tagText, tagBlob:
		r := frameReader{rest: data}
		field := r.bytes()
		if r.err != nil {
			return nil, nil, errRows
		}
		if tag == tagText {
			return string(field), r.rest, nil
		}
		return append([]byte{}, field...), r.rest, nil
	}
	return nil, nil, errRows
}
