//go:build js && wasm

package main

import (
	"bufio"
	"context"
	"crypto"
	"crypto/x509"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/latchkey-id/latchkey/edge/internal/workerd"
)

// stashed is a context that has outlived its request.
var stashed context.Context

func outboundRoutes(mux *http.ServeMux) {
	mux.HandleFunc("/fetch", fetch)
	mux.HandleFunc("GET /socket", socket)
	mux.HandleFunc("GET /sign", sign)
	mux.HandleFunc("GET /stash", func(w http.ResponseWriter, r *http.Request) { stashed = r.Context() })
	mux.HandleFunc("GET /use-stash", func(w http.ResponseWriter, r *http.Request) {
		_, err := get(stashed, r.FormValue("url"), workerd.Transport{})
		fail(w, err)
	})
	mux.HandleFunc("GET /no-context", func(w http.ResponseWriter, r *http.Request) {
		_, err := get(context.Background(), r.FormValue("url"), workerd.Transport{})
		fail(w, err)
	})
}

func get(ctx context.Context, url string, t workerd.Transport) (string, error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return "", err
	}
	answer, err := t.RoundTrip(r)
	if err != nil {
		return "", err
	}
	body, err := io.ReadAll(answer.Body)
	return answer.Status + " " + string(body), err
}

// fetch passes a request on and tells what came back.
func fetch(w http.ResponseWriter, r *http.Request) {
	out, err := http.NewRequestWithContext(r.Context(), r.Method, r.FormValue("url"), r.Body)
	if err != nil {
		fail(w, err)
		return
	}
	out.Header.Set("X-Sent", "yes")
	ms, _ := strconv.Atoi(r.FormValue("ms"))
	answer, err := workerd.Transport{Timeout: time.Duration(ms) * time.Millisecond}.RoundTrip(out)
	if err != nil {
		fail(w, err)
		return
	}
	body, _ := io.ReadAll(answer.Body)
	fmt.Fprintf(w, "%s\n%s\n%s", answer.Status, answer.Header, body)
}

// socket greets a server, changes to TLS when asked to, and greets it again.
func socket(w http.ResponseWriter, r *http.Request) {
	conn, err := workerd.Dial(r.Context(), r.FormValue("address"), r.FormValue("secure"))
	if err != nil {
		fail(w, err)
		return
	}
	defer conn.Close()
	conn.SetDeadline(time.Now().Add(2 * time.Second))
	lines := bufio.NewReader(conn)
	for _, word := range strings.Split(r.FormValue("words"), ",") {
		if word == "STARTTLS" {
			if err := conn.StartTLS("localhost"); err != nil {
				fail(w, err)
				return
			}
			continue
		}
		fmt.Fprintf(conn, "%s\n", word)
		line, err := lines.ReadString('\n')
		if err != nil {
			fail(w, err)
			return
		}
		io.WriteString(w, line)
	}
}

// sign makes a key, signs with it, verifies, and tells the public key and the signatures.
func sign(w http.ResponseWriter, r *http.Request) {
	native, alg := workerd.Native{}, r.FormValue("alg")
	pkcs8, err := native.Generate(alg)
	if err != nil {
		fail(w, err)
		return
	}
	key, err := x509.ParsePKCS8PrivateKey(pkcs8)
	if err != nil {
		fail(w, err)
		return
	}
	public, err := x509.MarshalPKIXPublicKey(key.(crypto.Signer).Public())
	if err != nil {
		fail(w, err)
		return
	}
	fmt.Fprintln(w, hex.EncodeToString(public))
	for _, payload := range strings.Split(r.FormValue("payloads"), ",") {
		signature, err := native.Sign(alg, pkcs8, []byte(payload))
		if err != nil {
			fail(w, err)
			return
		}
		good, err1 := native.Verify(alg, public, []byte(payload), signature)
		bad, err2 := native.Verify(alg, public, []byte(payload+"x"), signature)
		if err := errors.Join(err1, err2); err != nil || !good || bad {
			fail(w, fmt.Errorf("verify: %t of the payload, %t of another: %w", good, bad, err))
			return
		}
		fmt.Fprintln(w, hex.EncodeToString(signature))
	}
}
