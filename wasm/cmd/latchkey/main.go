// Command latchkey is Latchkey from the command line: the client core of the browser, native. It talks to a service over
// https only. `latchkey --help` lists what it does.
package main

import (
	"context"
	"os"
	"os/signal"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	code := program{
		arguments: os.Args[1:], environment: os.LookupEnv, in: os.Stdin, out: os.Stdout, problems: os.Stderr,
		system: thisComputer(os.LookupEnv),
	}.run(ctx)
	stop()
	os.Exit(code)
}
