package object

import (
	"context"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
)

// What a method takes and returns crosses as bytes without names: both ends are nearly always the same program, and JSON, in
// WebAssembly, is a tenth of what a request costs. The bytes begin with a version and with a fingerprint of the method's two types, so that
// two programs of which one has changed a type notice it before anything is done (errShape), and speak JSON then, which bears with fields
// that one of them does not know. A method answers in the form in which it was asked. Only calls, and with Pack what lives for minutes, are coded
// like this: what is stored is JSON.
//
// The values that arrive are those that JSON would have brought: exported fields that are not tagged "-", text as valid UTF-8, an empty
// slice under omitempty as nil.
const (
	compact       = 1 // the first byte, which no JSON begins with
	compactHeader = 5 // bytes: compact and the fingerprint
)

var (
	errShape   = NewError("object: the other end has other types")
	errCompact = errors.New("object: malformed call")
)

// form is how a method's input and result are coded.
type form struct {
	in, out *plan
	shape   uint32
}

func formOf(in, out reflect.Type) form {
	f := form{in: planOf(in), out: planOf(out)}
	f.shape = f.in.print*31 + f.out.print
	return f
}

// method is what a kind keeps of one.
type method struct {
	form
	run func(tx *Tx, read func(in any) error) (out any, err error) // in and out are pointers
}

// invoke runs the method with its input in either form and returns the result in the same.
func (m method) invoke(tx *Tx, data []byte) ([]byte, error) {
	out, err := m.run(tx, func(in any) error { return m.read(m.in, data, in) })
	if err != nil {
		return nil, err
	}
	if len(data) > 0 && data[0] == compact {
		return m.write(m.out, out)
	}
	return json.Marshal(out)
}

// call is Method.Call; in and out are pointers.
func call(ctx context.Context, h Host, kind, object, method string, in, out any) error {
	f := formOf(reflect.TypeOf(in).Elem(), reflect.TypeOf(out).Elem())
	data, err := f.write(f.in, in)
	if err == nil {
		data, err = h.Call(ctx, kind, object, method, data)
	}
	if errors.Is(err, errShape) {
		if data, err = json.Marshal(in); err == nil {
			data, err = h.Call(ctx, kind, object, method, data)
		}
	}
	if err == nil {
		err = f.read(f.out, data, out)
	}
	if err != nil {
		return fmt.Errorf("object: %s.%s: %w", kind, method, err)
	}
	return nil
}

// Pack codes v in the compact form, for a value that need not outlive a change of its type.
func Pack(v any) ([]byte, error) {
	p := planOf(reflect.TypeOf(v))
	return form{shape: p.print}.append(p, reflect.ValueOf(v))
}

// Unpack fills what v points to with what Pack has made of a value of the same type; that of another type is an error. After an error what v
// points to is undefined.
func Unpack(data []byte, v any) error {
	if len(data) == 0 || data[0] != compact {
		return errCompact
	}
	p := planOf(reflect.TypeOf(v).Elem())
	return form{shape: p.print}.read(p, data, v)
}

// write codes what v points to, which p is the plan of.
func (f form) write(p *plan, v any) ([]byte, error) { return f.append(p, reflect.ValueOf(v).Elem()) }

func (f form) append(p *plan, v reflect.Value) ([]byte, error) {
	w := writer{data: binary.LittleEndian.AppendUint32(append(make([]byte, 0, 256), compact), f.shape)}
	w.value(p, v)
	return w.data, w.err
}

// read decodes either form into what v points to.
func (f form) read(p *plan, data []byte, v any) error {
	if len(data) == 0 || data[0] != compact {
		return json.Unmarshal(data, v)
	}
	if len(data) < compactHeader {
		return errCompact
	}
	if binary.LittleEndian.Uint32(data[1:]) != f.shape {
		return errShape
	}
	r := reader{rest: data[compactHeader:]}
	r.value(p, reflect.ValueOf(v).Elem())
	if r.err == nil && len(r.rest) > 0 {
		r.err = errCompact
	}
	return r.err
}
