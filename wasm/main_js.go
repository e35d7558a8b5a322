// Command wasm is the browser's half of Latchkey: the client core for a Web Worker. It sets globalThis.latchkey before it waits:
//
//	latchkey.call(method, argsJSON)   → Promise of JSON, {"ok": …} or {"problem": …}; never rejects
//	latchkey.loadDictionary(bytes)    → Promise of JSON, likewise: the word lists of the password meter
//	latchkey.onprogress = (stage) =>  hears "sending" and "hashing" while calls run
//	latchkey.onevent = (json) =>      hears what nobody asked for: settings that other devices changed
//
// Methods and their arguments are those of client.Port.
package main

import (
	"context"
	"encoding/json"
	"syscall/js"
	"time"

	"github.com/latchkey-id/latchkey/wasm/client"
	"github.com/latchkey-id/latchkey/wasm/internal/jsbridge"
	"github.com/latchkey-id/latchkey/wasm/password"
)

func main() {
	exports := js.Global().Get("Object").New()
	port := client.NewPort(client.Config{
		Transport: fetch{},
		Keystore:  newKeystore(),
		Live:      socket{},
		Event: func(e client.Event) {
			if listener := exports.Get("onevent"); listener.Type() == js.TypeFunction {
				text, _ := json.Marshal(e)
				listener.Invoke(string(text))
			}
		},
		Now: time.Now,
		Progress: func(stage string) {
			if listener := exports.Get("onprogress"); listener.Type() == js.TypeFunction {
				listener.Invoke(stage)
			}
		},
	})
	exports.Set("onprogress", js.Null())
	exports.Set("onevent", js.Null())
	exports.Set("call", js.FuncOf(func(_ js.Value, args []js.Value) any {
		method, arguments := text(args, 0), text(args, 1)
		return jsbridge.Promise(func() string { return port.Call(context.Background(), method, arguments) })
	}))
	exports.Set("loadDictionary", js.FuncOf(func(_ js.Value, args []js.Value) any {
		var asset []byte // what is no byte array is no dictionary, and refused as such
		if len(args) > 0 {
			asset, _ = jsbridge.Bytes(args[0], password.MaxDictionary)
		}
		return jsbridge.Promise(func() string { return port.LoadDictionary(asset) })
	}))
	js.Global().Set("latchkey", exports)
	select {}
}

// text reads a string argument; anything else is "".
func text(args []js.Value, i int) string {
	if i >= len(args) || args[i].Type() != js.TypeString {
		return ""
	}
	return args[i].String()
}

// fetch is the browser's transport.
type fetch struct{}

func (fetch) Do(ctx context.Context, r client.Request) (client.Response, error) {
	answer, err := jsbridge.Fetch(ctx, jsbridge.Request(r))
	return client.Response(answer), err
}

// socket is the browser's way to hear of changes.
type socket struct{}

func (socket) Listen(ctx context.Context, url string, opened func(), heard func(string)) error {
	return jsbridge.Listen(ctx, url, client.MaxNotice, opened, heard)
}
