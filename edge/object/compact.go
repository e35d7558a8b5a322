package object

import (
	"encoding/binary"
	"encoding/json"
	"fmt"
	"math"
	"reflect"
	"unicode/utf8"
)

// writer codes values in the compact form: integers as varints, text and bytes after their length. The length of what can be nil is
// one more than it is, and 0 is nil.
type writer struct {
	data []byte
	err  error
}

func (w *writer) uint(n uint64) { w.data = binary.AppendUvarint(w.data, n) }

func (w *writer) value(p *plan, v reflect.Value) {
	switch p.kind {
	case reflect.Bool:
		b := byte(0)
		if v.Bool() {
			b = 1
		}
		w.data = append(w.data, b)
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		w.data = binary.AppendVarint(w.data, v.Int())
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		w.uint(v.Uint())
	case reflect.Float64:
		w.uint(math.Float64bits(v.Float()))
	case reflect.String:
		w.text(v.String())
	case reflect.Struct:
		for i := range p.fields {
			f := &p.fields[i]
			part := v.Field(f.index)
			if f.omitEmpty && (f.kind == reflect.Slice || f.kind == reflect.Map) && part.Len() == 0 {
				w.uint(0)
				continue
			}
			w.value(f.plan, part)
		}
	case reflect.Slice, reflect.Map, reflect.Pointer:
		w.several(p, v)
	default:
		w.json(v)
	}
}

// text writes what is no UTF-8 as JSON would: a database takes nothing else for text.
func (w *writer) text(s string) {
	if !utf8.ValidString(s) {
		s = string([]rune(s))
	}
	w.uint(uint64(len(s)))
	w.data = append(w.data, s...)
}

func (w *writer) several(p *plan, v reflect.Value) {
	switch {
	case v.IsNil():
		w.uint(0)
	case p.bytes:
		w.uint(uint64(v.Len()) + 1)
		w.data = append(w.data, v.Bytes()...)
	case p.kind == reflect.Pointer:
		w.uint(1)
		w.value(p.elem, v.Elem())
	case p.kind == reflect.Slice:
		w.uint(uint64(v.Len()) + 1)
		for i := range v.Len() {
			w.value(p.elem, v.Index(i))
		}
	default:
		w.uint(uint64(v.Len()) + 1)
		for each := v.MapRange(); each.Next(); {
			w.text(each.Key().String())
			w.value(p.elem, each.Value())
		}
	}
}

// json writes nothing for a nil pointer, which JSON calls null.
func (w *writer) json(v reflect.Value) {
	if v.Kind() == reflect.Pointer && v.IsNil() {
		w.uint(0)
		return
	}
	data, err := json.Marshal(v.Interface())
	if err != nil && w.err == nil {
		w.err = err
	}
	w.uint(uint64(len(data)))
	w.data = append(w.data, data...)
}

// reader reads what writer has written, and never trusts a length. After a failure everything is zero and err says why.
type reader struct {
	rest []byte
	err  error
}

func (r *reader) fail() { r.rest, r.err = nil, errCompact }

func (r *reader) uint() uint64 {
	n, size := binary.Uvarint(r.rest)
	if size <= 0 {
		r.fail()
		return 0
	}
	r.rest = r.rest[size:]
	return n
}

// take returns n bytes, which share memory with what is read.
func (r *reader) take(n uint64) []byte {
	if n > uint64(len(r.rest)) {
		r.fail()
		return nil
	}
	data := r.rest[:n:n]
	r.rest = r.rest[n:]
	return data
}

// count returns how many elements of at least so many bytes there are, and whether it is more than nil.
func (r *reader) count(least int) (n int, ok bool) {
	length := r.uint()
	if length == 0 {
		return 0, false
	}
	if length-1 > uint64(len(r.rest)/max(least, 1)) {
		r.fail()
		return 0, false
	}
	return int(length - 1), true
}

func (r *reader) value(p *plan, v reflect.Value) {
	switch p.kind {
	case reflect.Bool:
		v.SetBool(r.uint() != 0)
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		n, size := binary.Varint(r.rest)
		if size <= 0 || v.OverflowInt(n) {
			r.fail()
			return
		}
		r.rest = r.rest[size:]
		v.SetInt(n)
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		n := r.uint()
		if v.OverflowUint(n) {
			r.fail()
			return
		}
		v.SetUint(n)
	case reflect.Float64:
		v.SetFloat(math.Float64frombits(r.uint()))
	case reflect.String:
		v.SetString(string(r.take(r.uint())))
	case reflect.Struct:
		for i := range p.fields {
			if r.err != nil {
				return
			}
			r.value(p.fields[i].plan, v.Field(p.fields[i].index))
		}
	case reflect.Slice, reflect.Map, reflect.Pointer:
		r.several(p, v)
	default:
		r.json(p, v)
	}
}

func (r *reader) several(p *plan, v reflect.Value) {
	least := 1
	if p.elem != nil {
		least = p.elem.least
	}
	n, ok := r.count(least)
	if !ok {
		return
	}
	switch {
	case p.bytes:
		v.SetBytes(append(make([]byte, 0, n), r.take(uint64(n))...))
	case p.kind == reflect.Pointer:
		v.Set(reflect.New(p.elem.typ))
		r.value(p.elem, v.Elem())
	case p.kind == reflect.Slice:
		v.Set(reflect.MakeSlice(p.typ, n, n))
		for i := 0; i < n && r.err == nil; i++ {
			r.value(p.elem, v.Index(i))
		}
	default:
		v.Set(reflect.MakeMap(p.typ))
		for i := 0; i < n && r.err == nil; i++ {
			key, elem := reflect.New(p.typ.Key()).Elem(), reflect.New(p.elem.typ).Elem()
			key.SetString(string(r.take(r.uint())))
			r.value(p.elem, elem)
			v.SetMapIndex(key, elem)
		}
	}
}

func (r *reader) json(p *plan, v reflect.Value) {
	data := r.take(r.uint())
	if r.err != nil || len(data) == 0 && p.typ.Kind() == reflect.Pointer {
		return
	}
	if err := json.Unmarshal(data, v.Addr().Interface()); err != nil {
		r.rest, r.err = nil, fmt.Errorf("object: %s: %w", p.typ, err)
	}
}
