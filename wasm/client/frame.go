package client

import (
	"encoding/binary"

	"github.com/latchkey-id/latchkey/wasm/vault"
)

// A frame is what one Save of a Memory changes, as one value: ten thousand settings are written and read at once, where the place that
// keeps them has a price for each. For each change it holds the length of the key, the key, the length of the value plus one (0: removed) and
// the value; lengths are 32 bits, big-endian.

// EncodeFrame makes the frame of changes.
func EncodeFrame(changes map[string][]byte) []byte {
	size := 0
	for key, value := range changes {
		size += 8 + len(key) + len(value)
	}
	frame := make([]byte, 0, size)
	for key, value := range changes {
		frame = binary.BigEndian.AppendUint32(frame, uint32(len(key)))
		frame = append(frame, key...)
		if value == nil {
			frame = binary.BigEndian.AppendUint32(frame, 0)
			continue
		}
		frame = binary.BigEndian.AppendUint32(frame, uint32(len(value))+1)
		frame = append(frame, value...)
	}
	return frame
}

// ApplyFrame makes the changes of a frame in kept, whose values then share its memory. Error: vault.ErrMemory.
func ApplyFrame(kept map[string][]byte, frame []byte) error {
	take := func(n uint32) ([]byte, bool) {
		if uint64(n) > uint64(len(frame)) {
			return nil, false
		}
		part := frame[:n:n]
		frame = frame[n:]
		return part, true
	}
	for len(frame) > 0 {
		head, ok := take(4)
		if !ok {
			return vault.ErrMemory
		}
		key, ok := take(binary.BigEndian.Uint32(head))
		if !ok {
			return vault.ErrMemory
		}
		if head, ok = take(4); !ok {
			return vault.ErrMemory
		}
		length := binary.BigEndian.Uint32(head)
		if length == 0 {
			delete(kept, string(key))
			continue
		}
		value, ok := take(length - 1)
		if !ok {
			return vault.ErrMemory
		}
		kept[string(key)] = value
	}
	return nil
}
