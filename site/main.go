// Command site builds the static pages of Latchkey: sign-in, sign-up, my account, sign-out, errors and documents,
// in every language, together with the Go module that they load.
//
//	go run ./site [-o site/dist] [-wasm FILE] [-range-service URL]
//
// Everything but HTML gets a name with the hash of its content, so that it can be cached for ever; the headers every
// page needs (content security policy and the rest) are written to _headers in Cloudflare's syntax. The same input
// gives the same bytes.
package main

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"time"
)

func main() {
	var o options
	flag.StringVar(&o.out, "o", filepath.Join("site", "dist"), "directory to write")
	flag.StringVar(&o.module, "wasm", "", "use this WebAssembly file and do not build ./wasm")
	flag.StringVar(&o.rangeService, "range-service", defaultRangeService, "URL prefix of the breached-password range service; empty switches it off")
	flag.Parse()
	o.root = "."
	start := time.Now()
	o.log = func(format string, args ...any) { fmt.Printf("site: "+format+"\n", args...) }
	if err := build(o); err != nil {
		fmt.Fprintln(os.Stderr, "site:", err)
		os.Exit(1)
	}
	o.log("ready in %s after %s", o.out, time.Since(start).Round(10*time.Millisecond))
}
