package webauthn

// Major types (RFC 8949 section 3.1).
const (
	majorUint = iota
	majorNegative
	majorBytes
	majorText
	majorArray
	majorMap
	majorTag
	majorSimple
)

const maxDepth = 8

// cbor reads what authenticators write (CTAP 2.2 section 8): definite lengths, little nesting. It takes no more memory than its input, and
// steps of no more than its input's length.
type cbor struct{ data []byte }

// head reads the beginning of an item. An indefinite length is not ok.
func (c *cbor) head() (major byte, arg uint64, ok bool) {
	if len(c.data) == 0 {
		return 0, 0, false
	}
	major, short := c.data[0]>>5, c.data[0]&31
	c.data = c.data[1:]
	if short < 24 {
		return major, uint64(short), true
	}
	if short > 27 {
		return 0, 0, false
	}
	n := 1 << (short - 24)
	if len(c.data) < n {
		return 0, 0, false
	}
	for _, b := range c.data[:n] {
		arg = arg<<8 | uint64(b)
	}
	c.data = c.data[n:]
	return major, arg, true
}

// take cuts off n bytes.
func (c *cbor) take(n uint64) ([]byte, bool) {
	if n > uint64(len(c.data)) {
		return nil, false
	}
	out := c.data[:n]
	c.data = c.data[n:]
	return out, true
}

// pairs reads the beginning of a map, each of whose pairs has two bytes or more.
func (c *cbor) pairs() (int, bool) {
	major, n, ok := c.head()
	return int(n), ok && major == majorMap && n <= uint64(len(c.data)/2)
}

// str reads a byte or text string.
func (c *cbor) str(want byte) ([]byte, bool) {
	major, n, ok := c.head()
	if !ok || major != want {
		return nil, false
	}
	return c.take(n)
}

// integer reads one that fits.
func (c *cbor) integer() (int64, bool) {
	major, n, ok := c.head()
	if !ok || n > 1<<31 {
		return 0, false
	}
	switch major {
	case majorUint:
		return int64(n), true
	case majorNegative:
		return -1 - int64(n), true
	}
	return 0, false
}

// skip reads over an item and all in it.
func (c *cbor) skip(depth int) bool {
	major, n, ok := c.head()
	if !ok || depth > maxDepth {
		return false
	}
	switch major {
	case majorBytes, majorText:
		_, ok = c.take(n)
		return ok
	case majorTag:
		return c.skip(depth + 1)
	case majorArray, majorMap:
		if n > uint64(len(c.data)) { // each item has a byte or more
			return false
		}
		if major == majorMap {
			n *= 2
		}
		for range n {
			if !c.skip(depth + 1) {
				return false
			}
		}
	}
	return true
}

// attestedData returns the authenticator data of an attestation object (section 6.5).
func attestedData(object []byte) (data []byte, err error) {
	c := cbor{object}
	n, ok := c.pairs()
	for range n {
		if !ok {
			break
		}
		var key []byte
		if key, ok = c.str(majorText); !ok {
			break
		}
		switch {
		case string(key) != "authData":
			ok = c.skip(1)
		case data != nil:
			ok = false
		default:
			data, ok = c.str(majorBytes)
		}
	}
	if !ok || data == nil || len(c.data) != 0 {
		return nil, invalid("attestation object")
	}
	return data, nil
}
