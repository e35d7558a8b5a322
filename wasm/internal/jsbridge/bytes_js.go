// Package jsbridge is the seam between the client core and the browser's JavaScript: promises, byte arrays, fetch, WebSocket, IndexedDB,
// keys that stay in the browser, locks between tabs, and Unicode normalisation. wasm/main_js.go and wasm/password use it. Nothing here knows a protocol, or imports this module.
package jsbridge

import "syscall/js"

// Bytes copies a Uint8Array or ArrayBuffer of at most limit bytes into Go; ok is false for anything else.
func Bytes(value js.Value, limit int) (data []byte, ok bool) {
	if value.Type() == js.TypeObject && value.InstanceOf(js.Global().Get("ArrayBuffer")) {
		value = js.Global().Get("Uint8Array").New(value)
	}
	if value.Type() != js.TypeObject || !value.InstanceOf(js.Global().Get("Uint8Array")) {
		return nil, false
	}
	length := value.Get("length").Int()
	if length > limit {
		return nil, false
	}
	data = make([]byte, length)
	js.CopyBytesToGo(data, value)
	return data, true
}

// array copies data into a new Uint8Array.
func array(data []byte) js.Value {
	value := js.Global().Get("Uint8Array").New(len(data))
	js.CopyBytesToJS(value, data)
	return value
}
