package state

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"

	"github.com/latchkey-id/latchkey/wasm/vault"
)

// ErrDamaged says that a file is not as it was written, by a fault of the disk or by somebody's hand.
var ErrDamaged = errors.New("state: a file is damaged")

// The log of a Memory: a line with a random name of this log, then frames. A frame is the length of its changes, their SHA-256 cut to checkSize bytes, and the changes: the
// length of the key, the key, the length of the value plus one (0: removed), the value. Numbers are 32 bits, big-endian.
const (
	memoryPrefix = "memory-" // of files
	memoryBegins = "latchkey memory 1 "
	headerSize   = len(memoryBegins) + 26 + 1
	checkSize    = 8
	maxFrame     = 1 << 30
	compactFrom  = 1 << 20 // bytes: a smaller log is left as it is
)

// Memory is a vault.Memory in a file that this process alone may use until Close.
type Memory struct {
	path string
	held *os.File // the lock

	mu     sync.Mutex
	file   *os.File
	id     string         // of the log
	size   int64          // bytes of the file that are good
	live   int64          // bytes that a log of what is there now would have
	sizes  map[string]int // of what is there, by key
	broken error          // the file could not be put back to what it was
}

var _ vault.Memory = (*Memory)(nil)

// OpenMemory opens the memory of a name, which is there after the first Save. It waits for another process until ctx is over: ErrBusy.
func (d *Dir) OpenMemory(ctx context.Context, name string) (*Memory, error) {
	if err := os.MkdirAll(d.path, 0o700); err != nil {
		return nil, err
	}
	path := filepath.Join(d.path, memoryPrefix+name)
	held, err := lock(ctx, path+".lock")
	if err != nil {
		return nil, err
	}
	m := &Memory{path: path, held: held}
	if err := m.open(); err != nil {
		return nil, errors.Join(err, held.Close())
	}
	return m, nil
}

// Memories lists the memories that are there, by name.
func (d *Dir) Memories() ([]string, error) {
	entries, err := os.ReadDir(d.path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	names := []string{}
	for _, e := range entries {
		name, ok := strings.CutPrefix(e.Name(), memoryPrefix)
		if ok && !strings.HasSuffix(name, ".lock") {
			names = append(names, name)
		}
	}
	return names, err
}

// Close lets another process have it.
func (m *Memory) Close() error { return errors.Join(m.file.Close(), m.held.Close()) }

func (m *Memory) open() (err error) {
	if m.file, err = os.OpenFile(m.path, os.O_CREATE|os.O_RDWR, 0o600); err != nil {
		return err
	}
	kept, err := m.read()
	if err != nil {
		return errors.Join(err, m.file.Close())
	}
	m.sizes, m.live = map[string]int{}, int64(headerSize)
	for key, value := range kept {
		m.note(key, value)
	}
	return nil
}

// note keeps count of what is there.
func (m *Memory) note(key string, value []byte) {
	if old, was := m.sizes[key]; was {
		m.live -= int64(old)
		delete(m.sizes, key)
	}
	if value != nil {
		m.sizes[key] = 8 + len(key) + len(value)
		m.live += int64(m.sizes[key])
	}
}

// read returns what the file says, and puts an end behind the last whole frame. A frame that a crash cut off was never acknowledged.
func (m *Memory) read() (map[string][]byte, error) {
	if _, err := m.file.Seek(0, io.SeekStart); err != nil {
		return nil, err
	}
	data, err := io.ReadAll(m.file)
	if err != nil {
		return nil, err
	}
	kept, good, err := parseMemory(data)
	if err != nil {
		return nil, err
	}
	if m.size, m.id = int64(good), ""; good > 0 {
		m.id = string(data[len(memoryBegins) : headerSize-1])
	}
	if good < len(data) {
		err = m.file.Truncate(m.size)
	}
	return kept, err
}

// parseMemory reads a log and says how many of its bytes are good. Error: ErrDamaged when something follows what is not.
func parseMemory(data []byte) (kept map[string][]byte, good int, err error) {
	kept = map[string][]byte{}
	begins := []byte(memoryBegins)
	if cut := min(len(data), len(begins)); !bytes.Equal(data[:cut], begins[:cut]) && len(bytes.Trim(data, "\x00")) > 0 {
		return nil, 0, ErrDamaged
	}
	if len(data) < headerSize || data[headerSize-1] != '\n' {
		return kept, 0, nil // nothing was ever acknowledged
	}
	rest := data[headerSize:]
	for len(rest) > 0 {
		frame, after, whole := cutFrame(rest)
		if !whole {
			if len(after) > 0 && len(bytes.Trim(rest, "\x00")) > 0 { // not the cut end of a write, nor the blanks of a lost one
				return nil, 0, ErrDamaged
			}
			break
		}
		if !applyFrame(kept, frame) {
			return nil, 0, ErrDamaged
		}
		rest = after
	}
	return kept, len(data) - len(rest), nil
}

// cutFrame takes a frame off the front. When it is not whole, after is what stands behind where it should end.
func cutFrame(data []byte) (frame, after []byte, whole bool) {
	const head = 4 + checkSize
	if len(data) < head {
		return nil, nil, false
	}
	length := binary.BigEndian.Uint32(data)
	if length > maxFrame || int(length) > len(data)-head {
		return nil, nil, false
	}
	frame, after = data[head:head+int(length)], data[head+int(length):]
	sum := sha256.Sum256(frame)
	return frame, after, length > 0 && bytes.Equal(sum[:checkSize], data[4:head])
}

// applyFrame makes the changes of a frame.
func applyFrame(kept map[string][]byte, frame []byte) bool {
	take := func() ([]byte, bool) {
		if len(frame) < 4 {
			return nil, false
		}
		length := int64(binary.BigEndian.Uint32(frame))
		if frame = frame[4:]; length > int64(len(frame)) {
			return nil, false
		}
		part := frame[:length:length]
		frame = frame[length:]
		return part, true
	}
	for len(frame) > 0 {
		key, ok := take()
		if !ok {
			return false
		}
		if len(frame) < 4 {
			return false
		}
		switch length := binary.BigEndian.Uint32(frame); length {
		case 0:
			frame = frame[4:]
			delete(kept, string(key))
		default:
			binary.BigEndian.PutUint32(frame, length-1)
			value, ok := take()
			if !ok {
				return false
			}
			kept[string(key)] = value
		}
	}
	return true
}

// makeFrame is the frame of changes.
func makeFrame(changes map[string][]byte) []byte {
	frame := make([]byte, 4+checkSize)
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
	sum := sha256.Sum256(frame[4+checkSize:])
	binary.BigEndian.PutUint32(frame, uint32(len(frame)-4-checkSize))
	copy(frame[4:], sum[:checkSize])
	return frame
}

// newHeader begins a log.
func newHeader() (header []byte, id string) {
	id = rand.Text()
	return []byte(memoryBegins + id + "\n"), id
}

// Revision changes with every Save, also by other processes; "" before the first.
func (m *Memory) Revision() string {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.id == "" {
		return ""
	}
	return m.id + "/" + strconv.FormatInt(m.size, 10)
}

// Load gives everything.
func (m *Memory) Load(context.Context) (map[string][]byte, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.broken != nil {
		return nil, m.broken
	}
	return m.read()
}

// Save makes all the changes or none of them, and returns when they would survive a kill.
func (m *Memory) Save(_ context.Context, changes map[string][]byte) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.broken != nil || len(changes) == 0 {
		return m.broken
	}
	frame, id := makeFrame(changes), m.id
	if m.size == 0 {
		var header []byte
		header, id = newHeader()
		frame = append(header, frame...)
	}
	if err := m.append(frame); err != nil {
		return err
	}
	m.id = id
	for key, value := range changes {
		m.note(key, value)
	}
	if m.size > compactFrom && m.size > 2*m.live {
		return m.compact()
	}
	return nil
}

// append writes at the end, or puts the end back where it was.
func (m *Memory) append(frame []byte) error {
	_, err := m.file.WriteAt(frame, m.size)
	if err == nil {
		err = m.file.Sync()
	}
	if err != nil {
		m.broken = m.file.Truncate(m.size)
		return errors.Join(err, m.broken)
	}
	m.size += int64(len(frame))
	return nil
}

// compact replaces the log by one of what is there.
func (m *Memory) compact() error {
	kept, err := m.read()
	if err != nil {
		return err
	}
	header, id := newHeader()
	all := append(header, makeFrame(kept)...)
	if err := WriteFile(m.path, all); err != nil {
		return err
	}
	file, err := os.OpenFile(m.path, os.O_RDWR, 0o600)
	if err != nil {
		m.broken = err
		return err
	}
	old := m.file
	m.file, m.id, m.size = file, id, int64(len(all))
	return old.Close()
}
