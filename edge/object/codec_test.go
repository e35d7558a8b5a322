//go:build !js

package object

import (
	"encoding/json"
	"errors"
	"math"
	"reflect"
	"testing"
	"time"
)

type letters []byte

func (l letters) MarshalJSON() ([]byte, error) { return json.Marshal(string(l)) }
func (l *letters) UnmarshalJSON(data []byte) error {
	var s string
	err := json.Unmarshal(data, &s)
	*l = letters(s)
	return err
}

type inner struct {
	Word  string   `json:"word,omitempty"`
	Words []string `json:"words"`
}

type hidden struct {
	Shown string `json:"shown"`
}

type promoting struct {
	hidden
	Own string `json:"own"`
}

// everything has a field of each kind that a method's types have, or may come to have.
type everything struct {
	Text     string            `json:"text"`
	Bytes    []byte            `json:"bytes"`
	Left     []byte            `json:"left,omitempty"`
	List     []inner           `json:"list"`
	Short    []int             `json:"short,omitempty"`
	Map      map[string]inner  `json:"map,omitempty"`
	Inner    inner             `json:"inner"`
	Pointer  *inner            `json:"pointer,omitempty"`
	Number   *int64            `json:"number"`
	Pause    time.Duration     `json:"pause"`
	Time     time.Time         `json:"time"`
	Raw      json.RawMessage   `json:"raw,omitempty"`
	Own      letters           `json:"own"`
	Any      any               `json:"any"`
	Array    [2]int            `json:"array"`
	Nested   map[string][]bool `json:"nested"`
	Float    float64           `json:"float"`
	Small    uint8             `json:"small"`
	Large    uint64            `json:"large"`
	Yes      bool              `json:"yes"`
	Promoted promoting         `json:"promoted"`
	Omitted  string            `json:"-"`
	Again    *everything       `json:"again,omitempty"` // a type within itself
	unlisted string
}

func TestAMethodGetsWhatJSONWouldHaveBrought(t *testing.T) {
	n := int64(math.MinInt64)
	for _, v := range []everything{
		{},
		{Bytes: []byte{}, Left: []byte{}, List: []inner{}, Short: []int{}, Map: map[string]inner{}, Nested: map[string][]bool{}},
		{
			Text: "a\x00ö\xff\xfe…", Bytes: []byte{0, 255}, Left: []byte("x"), List: []inner{{Word: "w"}, {Words: []string{"", "b"}}}, Short: []int{-1, 0, 1},
			Map: map[string]inner{"": {}, "k\xff": {Word: "v"}}, Inner: inner{Words: []string{}}, Pointer: &inner{}, Number: &n, Pause: time.Hour,
			Time: time.Date(2026, 1, 2, 3, 4, 5, 6, time.UTC), Raw: json.RawMessage(`{"a":1}`), Own: letters("own"), Any: []any{"a", 1.5}, Array: [2]int{1, 2},
			Nested: map[string][]bool{"a": {true, false}, "b": nil}, Float: -1.5e300, Small: 255, Large: math.MaxUint64, Yes: true, Promoted: promoting{hidden{"s"}, "o"}, Omitted: "o", unlisted: "u",
			Again: &everything{Text: "deep"},
		},
	} {
		data, err := json.Marshal(v)
		if err != nil {
			t.Fatal(err)
		}
		var want, got everything
		if err := json.Unmarshal(data, &want); err != nil {
			t.Fatal(err)
		}
		f := formOf(reflect.TypeOf(v), reflect.TypeOf(v))
		if data, err = f.write(f.in, &v); err != nil {
			t.Fatal(err)
		}
		if err := f.read(f.in, data, &got); err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("%v\ngot  %+v\nwant %+v", err, got, want)
		}
		for n := range data {
			if err := f.read(f.in, data[:n], new(everything)); err == nil {
				t.Fatalf("the first %d of %d bytes are taken for the whole", n, len(data))
			}
		}
		if err := f.read(f.in, append(data, 0), new(everything)); !errors.Is(err, errCompact) {
			t.Errorf("a byte too many: %v", err)
		}
	}
}

func TestProgramsWithOtherTypesStillUnderstandEachOther(t *testing.T) {
	type oldIn struct {
		A string `json:"a"`
	}
	type newIn struct {
		B string `json:"b"`
		A string `json:"a"`
	}
	type newOut struct {
		Runs int    `json:"runs"`
		A    string `json:"a"`
		More bool   `json:"more"`
	}
	type oldOut struct {
		Runs int    `json:"runs"`
		A    string `json:"a"`
	}
	runs := 0
	k := &Kind{Name: "k"}
	Handle(k, Method[oldIn, oldOut]{Kind: "k", Name: "m"}, func(tx *Tx, in oldIn) (oldOut, error) {
		runs++
		return oldOut{runs, in.A}, nil
	})
	host, err := NewNative(NativeConfig{}, k)
	if err != nil {
		t.Fatal(err)
	}
	defer host.Close()
	out, err := Method[newIn, newOut]{Kind: "k", Name: "m"}.Call(t.Context(), host, "o", newIn{"b", "a"})
	if want := (newOut{Runs: 1, A: "a"}); err != nil || out != want {
		t.Errorf("%+v, %v; want %+v", out, err, want)
	}
}

func TestAHostMayBeAskedInJSON(t *testing.T) {
	k := &Kind{Name: "k"}
	Handle(k, Method[int, []int]{Kind: "k", Name: "m"}, func(tx *Tx, in int) ([]int, error) { return []int{in, in}, nil })
	host, err := NewNative(NativeConfig{}, k)
	if err != nil {
		t.Fatal(err)
	}
	defer host.Close()
	if out, err := host.Call(t.Context(), "k", "o", "m", []byte(" 7")); err != nil || string(out) != "[7,7]" {
		t.Errorf("%s, %v", out, err)
	}
	if _, err := host.Call(t.Context(), "k", "o", "m", nil); !errors.Is(err, ErrInternal) {
		t.Errorf("nothing is taken for a call: %v", err)
	}
}

func TestWhatIsPackedIsUnpackedAsTheSameTypeOnly(t *testing.T) {
	type other struct {
		Word  string   `json:"word,omitempty"`
		Words []string `json:"words"`
		More  int      `json:"more"`
	}
	want := inner{"w", []string{"a", ""}}
	data, err := Pack(want)
	if err != nil {
		t.Fatal(err)
	}
	var got inner
	if err := Unpack(data, &got); err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("%+v, %v", got, err)
	}
	if err := Unpack(data, new(other)); !errors.Is(err, errShape) {
		t.Errorf("of another type: %v", err)
	}
	for _, data := range []string{"", `{"word":"w"}`, "\x01", "\x01\x00\x00\x00\x00"} {
		if err := Unpack([]byte(data), &got); err == nil {
			t.Errorf("%q is taken for something packed", data)
		}
	}
}

func FuzzCompact(f *testing.F) {
	form := formOf(reflect.TypeFor[everything](), reflect.TypeFor[inner]())
	for _, v := range []everything{{}, {Text: "t", List: []inner{{}}, Pointer: &inner{}, Map: map[string]inner{"k": {Words: []string{"w"}}}}} {
		data, err := form.write(form.in, &v)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data[compactHeader:])
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		header, err := form.write(form.in, &everything{})
		if err != nil {
			t.Fatal(err)
		}
		var once, twice everything
		if form.read(form.in, append(header[:compactHeader:compactHeader], data...), &once) != nil {
			return
		}
		again, err := form.write(form.in, &once)
		if err == nil {
			err = form.read(form.in, again, &twice)
		}
		if err != nil {
			t.Errorf("what was read can not be written and read again: %v", err)
		}
	})
}
