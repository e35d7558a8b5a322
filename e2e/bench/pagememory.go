package main

import (
	"context"
	"encoding/json"
	"fmt"
	"path/filepath"
	"slices"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/cdproto/target"
	"github.com/chromedp/chromedp"

	"github.com/latchkey-id/latchkey/e2e/local"
)

// settles is how long a page is left alone after a reading: it hears that everything has changed, and lists it anew.
const settles = 2 * time.Second

// pageMemory measures what the worker of the page "My settings" takes to read all of a vault of 10,000 settings, opened and checked, once
// and ten times. Before each reading it gives up the device's own copy, so that each is a new device's first.
func (b *bench) pageMemory() error {
	ours, err := b.latchkey("page", func(o *local.Options) { o.Plain = false }) // its cookies want TLS
	if err != nil {
		return err
	}
	defer ours.Stop()
	allocator, stop := chromedp.NewExecAllocator(b.ctx, chromedp.Headless, chromedp.NoSandbox, chromedp.DisableGPU, chromedp.NoFirstRun,
		chromedp.ExecPath("chromium"), chromedp.UserDataDir(filepath.Join(b.dir, "paging")), chromedp.Flag("ignore-certificate-errors", true),
		chromedp.Flag("disable-features", "BackForwardCache")) // which would keep the worker of the page before
	defer stop()
	ctx, cancel := chromedp.NewContext(allocator)
	defer cancel()
	p := &corePage{ctx: ctx}
	if err := p.fill(ours.Issuer); err != nil {
		return err
	}
	var after []float64
	var most memory
	for n := range 10 {
		peak, now, err := p.watched(p.read)
		if err != nil {
			return err
		}
		b.say("read %d times: %s; at most %s", n+1, now, peak)
		after = append(after, now.total())
		if peak.total() > most.total() {
			most = peak
		}
	}
	ratio := after[len(after)-1] / after[0] // Go takes memory by 4 MiB: one more time, or two, is no growth
	b.add(row{"memory of the page's worker while 10,000 settings are read, ten times", fmt.Sprintf("%.1f MiB", most.total()), most.String(),
		"", "≤ 96 MiB", most.total() <= 96})
	b.add(row{"memory of the page's worker after ten such readings", fmt.Sprintf("%.1f MiB", after[len(after)-1]),
		fmt.Sprintf("after each: %.1f MiB", after), fmt.Sprintf("%.2f", ratio), "≤ 1.15", ratio <= 1.15})
	return nil
}

// memory is what a page's worker has taken, in MiB: WebAssembly's memory, which is never given back and so is the most that was ever needed;
// the heap of JavaScript as V8 has it, with what is free in it; and what stands outside of it for ArrayBuffers and long strings. The
// module's compiled code is not in it, nor what the browser itself has of a worker.
type memory struct{ wasm, heap, buffers float64 }

func (m memory) total() float64 { return m.wasm + m.heap + m.buffers }

func (m memory) String() string {
	return fmt.Sprintf("WebAssembly %.1f, JavaScript %.1f, ArrayBuffers %.1f MiB", m.wasm, m.heap, m.buffers)
}

// watched does work of the page's worker and returns the most that it takes meanwhile, and what it has afterwards.
func (p *corePage) watched(work func() error) (peak, after memory, err error) {
	ctx, cancel, err := p.worker()
	if err != nil {
		return peak, after, err
	}
	defer cancel()
	over := make(chan error, 1)
	go func() {
		err := work()
		time.Sleep(settles)
		over <- err
	}()
	for tick := time.NewTicker(50 * time.Millisecond); ; {
		select {
		case err = <-over:
			tick.Stop()
			if err == nil {
				after, err = taken(ctx)
			}
			peak.wasm = after.wasm
			return peak, after, err
		case <-tick.C:
			now, err := scripts(ctx)
			if err != nil {
				return peak, after, err
			}
			if now.total() > peak.total() {
				peak = now
			}
		}
	}
}

// worker speaks to the page's worker by the developer tools' protocol.
func (p *corePage) worker() (context.Context, context.CancelFunc, error) {
	targets, err := chromedp.Targets(p.ctx)
	if err != nil {
		return nil, nil, err
	}
	targets = slices.DeleteFunc(targets, func(t *target.Info) bool { return t.Type != "worker" })
	if len(targets) != 1 {
		return nil, nil, fmt.Errorf("the page has %d workers", len(targets))
	}
	ctx, cancel := chromedp.NewContext(p.ctx, chromedp.WithTargetID(targets[0].TargetID))
	return ctx, cancel, nil
}

// scripts is a worker's memory without WebAssembly's.
func scripts(worker context.Context) (memory, error) {
	u, err := chromedp.Call(worker, runtime.GetHeapUsage, cdp.Empty{})
	return memory{heap: u.TotalSize / (1 << 20), buffers: u.BackingStorageSize / (1 << 20)}, err
}

// taken is all of a worker's memory. To find WebAssembly's has V8 collect before.
func taken(worker context.Context) (m memory, err error) {
	prototype, err := chromedp.Call(worker, runtime.Evaluate, runtime.EvaluateParams{Expression: "WebAssembly.Memory.prototype"})
	if err != nil {
		return m, err
	}
	memories, err := chromedp.Call(worker, runtime.QueryObjects, runtime.QueryObjectsParams{PrototypeObjectID: prototype.Result.ObjectID})
	if err != nil {
		return m, err
	}
	sum, err := chromedp.Call(worker, runtime.CallFunctionOn, runtime.CallFunctionOnParams{
		ObjectID: memories.Objects.ObjectID, ReturnByValue: new(true),
		FunctionDeclaration: "function () { return this.reduce((sum, { buffer }) => sum + buffer.byteLength, 0); }",
	})
	if err != nil {
		return m, err
	}
	var bytes float64
	if err := json.Unmarshal(sum.Result.Value, &bytes); err != nil {
		return m, err
	}
	m, err = scripts(worker)
	m.wasm = bytes / (1 << 20)
	return m, err
}
