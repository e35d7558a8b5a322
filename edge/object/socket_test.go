//go:build !js

package object_test

import (
	"fmt"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/latchkey-id/latchkey/edge/object"
	"github.com/latchkey-id/latchkey/edge/object/objecttest"
	"github.com/latchkey-id/latchkey/edge/object/sockettest"
)

// socketHost serves the sockets of a native host over files.
func socketHost(t *testing.T, lifetime time.Duration) (*object.Native, sockettest.Host) {
	t.Helper()
	var host *object.Native
	kinds := objecttest.Kinds(objecttest.Options{Host: func() object.Host { return host }})
	host, err := object.NewNative(object.NativeConfig{Dir: t.TempDir(), SocketLifetime: lifetime}, kinds...)
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(objecttest.SocketHandler(host, host))
	t.Cleanup(func() {
		server.Close()
		began := time.Now()
		host.Close()
		if took := time.Since(began); took > 10*time.Second {
			t.Errorf("closing took %v", took)
		}
	})
	touch := object.Method[struct{}, struct{}]{Kind: objecttest.KindName, Name: "shout"}
	return host, sockettest.Host{Base: server.URL, Sleep: func() {
		for n := range 150 { // more than stay open
			if _, err := touch.Call(t.Context(), host, fmt.Sprint("other ", n), struct{}{}); err != nil {
				t.Error(err)
			}
		}
	}}
}

func TestNativeConnects(t *testing.T) {
	_, h := socketHost(t, 0)
	sockettest.Run(t, h)
}

func TestNativeSocketsEnd(t *testing.T) {
	_, h := socketHost(t, time.Second)
	sockettest.RunBrief(t, h)
}

func TestNoticesAreBounded(t *testing.T) {
	k := &object.Kind{Name: "k"}
	m := object.Method[string, struct{}]{Kind: "k", Name: "m"}
	object.Handle(k, m, func(tx *object.Tx, text string) (struct{}, error) { tx.Notify(text); return struct{}{}, nil })
	host, err := object.NewNative(object.NativeConfig{}, k)
	if err != nil {
		t.Fatal(err)
	}
	defer host.Close()
	for text, ok := range map[string]bool{"": false, strings.Repeat("x", object.MaxNotice): true, strings.Repeat("x", object.MaxNotice+1): false} {
		if _, err := m.Call(t.Context(), host, "a", text); (err == nil) != ok {
			t.Errorf("%d bytes: %v", len(text), err)
		}
	}
}
