//go:build js && wasm

package workerd

import (
	"unsafe"
)

// What JavaScript offers. Each returns without ever calling back into Go, so that the bytes a pointer stands for are read or
// written before it does; each catches its own exceptions, because one that crossed Go's frames would leave the
// program's stack in disorder.

//go:wasmimport latchkey respond
//go:noescape
func hostRespond(request, status int32, head unsafe.Pointer, stableLen, headLen int32, body unsafe.Pointer, bodyLen int32)

//go:wasmimport latchkey answer
//go:noescape
func hostAnswer(id, status int32, alarm float64, data unsafe.Pointer, n int32)

//go:wasmimport latchkey call
//go:noescape
func hostCall(op, request, call int32, in unsafe.Pointer, n int32) int32

//go:wasmimport latchkey sql
//go:noescape
func hostSQL(id int32, in unsafe.Pointer, n int32, out unsafe.Pointer, room int32) int32

//go:wasmimport latchkey native
//go:noescape
func hostNative(op int32, in unsafe.Pointer, n int32, out unsafe.Pointer, room int32) int32

//go:wasmimport latchkey env
//go:noescape
func hostEnv(out unsafe.Pointer, room int32) int32

//go:wasmimport latchkey take
//go:noescape
func hostTake(out unsafe.Pointer)

//go:wasmimport latchkey log
//go:noescape
func hostLog(line unsafe.Pointer, n int32)

// border is the state of the crossing. There is one program in an instance and one thread in a program.
var border struct {
	inbox []byte // where JavaScript writes what it passes
	large []byte // or here, when that is too small; taken by the call that follows
	room  []byte // where it writes what it returns at once
	calls map[int32]*call
	last  int32 // the newest call's number
}

// small is how much fits in the place that JavaScript may keep on writing to; the same as in program.mjs.
const small = 16 << 10

// buffer makes room for n bytes and says where: for small messages always in the same place. JavaScript fills it and calls one of
// the functions below before anything else happens.
//
//go:wasmexport buffer
func buffer(n int32) unsafe.Pointer {
	if n <= small {
		if border.inbox == nil {
			border.inbox = make([]byte, small)
		}
		return pointer(border.inbox)
	}
	border.large = make([]byte, n)
	return pointer(border.large)
}

// written is what JavaScript has put there, n bytes of it. It is good until the program waits.
func written(n int32) []byte {
	if border.large != nil {
		return border.large[:n]
	}
	return border.inbox[:n]
}

// incoming is a copy to keep.
func incoming(n int32) []byte {
	if data := border.large; data != nil {
		border.large = nil
		return data[:n:n]
	}
	return append([]byte(nil), border.inbox[:n]...)
}

func pointer(b []byte) unsafe.Pointer { return unsafe.Pointer(unsafe.SliceData(b)) }

// room is where a function that answers at once may write.
func room() []byte {
	if border.room == nil {
		border.room = make([]byte, small)
	}
	return border.room
}

// returned is what a function that answers at once has answered: n bytes in the room, or waiting in JavaScript when
// there was not enough. A negative n is the complement of the length of a failure's text.
func returned(n int32) (data []byte, failed bool) {
	if failed = n < 0; failed {
		n = ^n
	}
	if int(n) <= len(border.room) {
		return border.room[:n], failed
	}
	data = make([]byte, n)
	hostTake(pointer(data))
	return data, failed
}
