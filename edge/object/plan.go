package object

import (
	"encoding"
	"encoding/json"
	"hash/fnv"
	"reflect"
	"strings"
	"sync"
)

// plan says how values of a type are coded: worked out once.
type plan struct {
	typ    reflect.Type
	kind   reflect.Kind // Invalid: as JSON, which knows what else there is
	bytes  bool         // a slice of bytes
	fields []field      // of a struct
	elem   *plan        // of a slice, a pointer or a map
	least  int          // bytes that a value has at least
	shape  string       // describes the plan
	print  uint32       // of the shape
}

type field struct {
	*plan
	index     int
	omitEmpty bool
}

// jsonOnly reports whether a type has a form of its own in JSON.
func jsonOnly(t reflect.Type) bool {
	t = reflect.PointerTo(t)
	return t.Implements(reflect.TypeFor[json.Marshaler]()) || t.Implements(reflect.TypeFor[encoding.TextMarshaler]())
}

var plans sync.Map // of reflect.Type to *plan

func planOf(t reflect.Type) *plan {
	if p, ok := plans.Load(t); ok {
		return p.(*plan)
	}
	p := newPlan(t, nil)
	h := fnv.New32a()
	h.Write([]byte(p.shape))
	p.print = h.Sum32()
	plans.Store(t, p)
	return p
}

// newPlan works out the plan of a type; within are the structs that it is in.
func newPlan(t reflect.Type, within []reflect.Type) *plan {
	p := &plan{typ: t, kind: t.Kind(), least: 1, shape: t.Kind().String()}
	switch {
	case t == reflect.TypeFor[json.RawMessage]():
		p.bytes = true
	case jsonOnly(t):
		p.kind = reflect.Invalid
	case p.kind == reflect.Slice && t.Elem().Kind() == reflect.Uint8:
		p.bytes = true
	default:
		p.inside(append(within, t))
	}
	if p.kind == reflect.Invalid {
		p.shape, p.least = "JSON "+t.String(), 1
	}
	return p
}

// inside plans what a type consists of, or leaves it to JSON: interfaces, arrays, what contains itself, what embeds a type that is not
// exported, and elements without content, of which a few bytes could claim any number.
func (p *plan) inside(within []reflect.Type) {
	t := p.typ
	switch p.kind {
	case reflect.Bool, reflect.String, reflect.Float64, reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64,
		reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
	case reflect.Struct:
		for _, outer := range within[:len(within)-1] {
			if outer == t {
				p.kind = reflect.Invalid
				return
			}
		}
		p.least = 0
		for i := range t.NumField() {
			p.field(t.Field(i), i, within)
		}
		p.shape = "{"
		for _, f := range p.fields {
			p.shape += t.Field(f.index).Name + " " + f.shape + ";"
		}
		p.shape += "}"
	case reflect.Slice, reflect.Pointer, reflect.Map:
		p.elem = newPlan(t.Elem(), within)
		p.shape += " " + p.elem.shape
		if p.kind == reflect.Slice && p.elem.least == 0 || p.kind == reflect.Map && t.Key().Kind() != reflect.String {
			p.kind = reflect.Invalid
		}
	default:
		p.kind = reflect.Invalid
	}
}

func (p *plan) field(f reflect.StructField, index int, within []reflect.Type) {
	tag := f.Tag.Get("json")
	if f.Anonymous && !f.IsExported() { // JSON brings what is exported in it
		p.kind = reflect.Invalid
	}
	if !f.IsExported() || tag == "-" {
		return
	}
	_, options, _ := strings.Cut(tag, ",")
	of := newPlan(f.Type, within)
	p.fields = append(p.fields, field{of, index, strings.Contains(options, "omitempty")})
	p.least += of.least
}
