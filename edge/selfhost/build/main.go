// Command build makes the Worker's directory, ready for wrangler and for package selfhost:
//
//	go run ./edge/selfhost/build edge/dist
package main

import (
	"context"
	"fmt"
	"os"

	"github.com/latchkey-id/latchkey/edge/selfhost"
)

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: go run ./edge/selfhost/build directory")
		os.Exit(2)
	}
	if err := selfhost.Build(context.Background(), ".", "./edge", os.Args[1]); err != nil {
		fmt.Fprintln(os.Stderr, "build:", err)
		os.Exit(1)
	}
}
