//go:build js && wasm

package workerd

import (
	"context"
	"errors"
	"math"
	"net/http"
	"strconv"
	"time"

	"github.com/latchkey-id/latchkey/edge/object"
)

// Objects runs the methods of objects; *object.Dispatcher does.
type Objects interface {
	Invoke(sql object.SQL, kind, name, method string, in []byte) (out []byte, alarm time.Time, err error)
	Collect(sql object.SQL, kind, name string) (due []byte, alarm time.Time, err error)
	Deliver(ctx context.Context, kind string, due []byte) (outcome []byte)
	Settle(sql object.SQL, kind, name string, outcome []byte) (alarm time.Time, err error)
}

var _ Objects = (*object.Dispatcher)(nil)

// Host calls Durable Objects. The context must be a request's or an effect's own.
type Host struct{}

var (
	_ object.Host      = Host{}
	_ object.Connector = Host{}
)

// Connect implements object.Connector: JavaScript passes the request on to the object when it sees this answer.
func (Host) Connect(w http.ResponseWriter, _ *http.Request, kind, name, tag string, since time.Time) {
	w.Header().Set(socketHeader, kind+" "+tag+" "+strconv.FormatInt(since.UnixMilli(), 10)+" "+name)
	w.WriteHeader(http.StatusSwitchingProtocols)
}

// Call runs a method of an object, wherever that object lives.
func (Host) Call(ctx context.Context, kind, name, method string, in []byte) ([]byte, error) {
	frame := make([]byte, 0, 16+len(kind)+len(name)+len(method)+len(in))
	frame = appendField(appendField(appendField(frame, kind), name), method)
	c, err := await(ctx, opObject, appendField(frame, in))
	if err != nil {
		return nil, err
	}
	if c.status == settledError {
		return nil, object.DecodeError(string(c.data))
	}
	return c.data, nil
}

// What an object is asked for inside a transaction.
const (
	invokeMethod  = 1
	invokeCollect = 2
	invokeSettle  = 3
)

// invoke runs an object's method inside the transaction that JavaScript has opened: a says what, in a frame of b bytes. It answers
// before it returns to JavaScript or not at all, in which case JavaScript rolls back.
//
//go:wasmexport invoke
func invoke() {
	a := arguments
	deepen()
	transact(&database{id: a.id, alarm: a.alarm, due: a.due}, a.a, incoming(a.b))
	a.leave()
}

func transact(db *database, op int32, frame []byte) {
	var out []byte
	var alarm time.Time
	err := object.ErrInternal
	defer func() {
		if p := recover(); p != nil {
			reportPanic("object", p)
			err = object.ErrInternal
		}
		status, at := int32(settledOK), 0.0
		if err != nil {
			status, out = settledError, []byte(object.EncodeError(err))
		}
		if !alarm.IsZero() {
			at = float64(alarm.UnixMilli())
		}
		hostAnswer(db.id, status, at, db.alarm, db.due, pointer(out), int32(len(out)))
	}()
	r := frameReader{rest: frame}
	kind, name, method, in := r.string(), r.string(), r.string(), r.bytes()
	if r.err != nil || program.objects == nil {
		return
	}
	switch op {
	case invokeMethod:
		out, alarm, err = program.objects.Invoke(db, kind, name, method, in)
	case invokeCollect:
		out, alarm, err = program.objects.Collect(db, kind, name)
	case invokeSettle:
		alarm, err = program.objects.Settle(db, kind, name, in)
	}
}

// deliver carries out what an object has left in its outbox, in a frame of b bytes, outside any transaction and in the I/O context
// of the object.
//
//go:wasmexport deliver
func deliver() {
	a := arguments
	carryOut(a.id, incoming(a.b))
	a.leave()
}

func carryOut(id int32, frame []byte) {
	var outcome []byte
	status := int32(settledFailure)
	defer func() {
		if p := recover(); p != nil {
			reportPanic("delivery", p)
		}
		hostAnswer(id, status, 0, 0, 0, pointer(outcome), int32(len(outcome)))
	}()
	r := frameReader{rest: frame}
	kind, due := r.string(), r.bytes()
	if r.err == nil {
		outcome, status = program.objects.Deliver(newContext(id), kind, due), settledOK
	}
}

// database is the SQL of the object whose transaction is open, with what JavaScript has kept of the one before and will keep of this one.
type database struct {
	id         int32
	alarm, due float64
}

var (
	_ object.Recalling  = (*database)(nil)
	_ object.Signalling = (*database)(nil)
)

// Recall implements object.Recalling.
func (d *database) Recall() (alarm, due int64, ok bool) {
	if math.IsNaN(d.alarm) || math.IsNaN(d.due) {
		return 0, 0, false
	}
	return int64(d.alarm), int64(d.due), true
}

// Keep implements object.Recalling.
func (d *database) Keep(alarm, due int64) { d.alarm, d.due = float64(alarm), float64(due) }

// Signal implements object.Signalling: JavaScript holds the sockets.
func (d *database) Signal(list []object.Signal) {
	var frame []byte
	for _, s := range list {
		frame = appendField(appendField(frame, s.Text), s.Tag)
	}
	hostSignal(d.id, pointer(frame), int32(len(frame)))
}

// Exec runs one statement.
func (d *database) Exec(query string, args []any) ([][]any, error) {
	frame, err := appendArguments(appendField(make([]byte, 0, 64+len(query)), query), args)
	if err != nil {
		return nil, err
	}
	out, failed := returned(hostSQL(d.id, pointer(frame), int32(len(frame)), pointer(room()), int32(len(border.room))))
	if failed {
		return nil, errors.New("workerd: SQL: " + string(out))
	}
	return parseRows(out)
}
