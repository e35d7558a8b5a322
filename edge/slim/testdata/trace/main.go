// Command trace prints who called it: a function of its own, the library, main.
package main

import (
	"fmt"
	"os"
	"runtime"
	"runtime/debug"
	"slices"
)

func main() {
	stacks := make(chan []runtime.Frame)
	go func() {
		defer func() {
			fmt.Fprintln(os.Stderr, "recovered:", recover())
			debug.PrintStack()
		}()
		runtime.GC() // moves nothing, but reads every frame
		slices.SortFunc([]int{2, 1}, func(a, b int) int { return compare(stacks, a-b) })
	}()
	for _, f := range <-stacks {
		fmt.Println(f.Function, f.Line > 0)
	}
	runtime.Gosched()
}

//go:noinline
func compare(stacks chan []runtime.Frame, order int) int {
	callers := make([]uintptr, 20)
	frames := runtime.CallersFrames(callers[:runtime.Callers(1, callers)])
	var all []runtime.Frame
	for {
		f, more := frames.Next()
		all = append(all, f)
		if !more {
			break
		}
	}
	stacks <- all
	panic(order)
}
