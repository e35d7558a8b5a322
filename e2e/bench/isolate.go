package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"time"
)

// What an isolate holds is told by a snapshot of its heap: the sum of all that is in it. V8 collects before it takes one. The sum
// has the program's linear memory, the code that was compiled of its module, the objects of JavaScript and what they hold of the runtime's.

// inspected is a stand-in for workerd that serves its inspector at address as well. Only the measurement wants that: whoever reaches an
// inspector can do everything that the Worker can.
func inspected(dir string) (program, address string, err error) {
	workerd, err := filepath.Abs("node_modules/.bin/workerd")
	if err != nil {
		return "", "", err
	}
	free, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", "", err
	}
	address = free.Addr().String()
	if err := free.Close(); err != nil {
		return "", "", err
	}
	program = filepath.Join(dir, "workerd-inspected")
	script := fmt.Sprintf("#!/bin/sh\nserve=$1\nshift\nexec %s \"$serve\" --inspector-addr=%s \"$@\"\n", strconv.Quote(workerd), address)
	return program, address, os.WriteFile(program, []byte(script), 0o700)
}

// held is the memory that the isolate with that inspector holds, in bytes.
func held(ctx context.Context, inspector string) (int64, error) {
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	address, err := debugger(ctx, inspector)
	if err != nil {
		return 0, err
	}
	socket, err := dialSocket(ctx, address)
	if err != nil {
		return 0, err
	}
	defer socket.Close()
	if err := socket.send(`{"id":1,"method":"HeapProfiler.takeHeapSnapshot","params":{"reportProgress":false}}`); err != nil {
		return 0, err
	}
	var snapshot []byte
	for {
		data, err := socket.receive()
		if err != nil {
			return 0, err
		}
		var m struct {
			ID     int
			Error  json.RawMessage
			Params struct{ Chunk string }
		}
		if err := json.Unmarshal(data, &m); err != nil {
			return 0, err
		}
		if m.Error != nil {
			return 0, fmt.Errorf("snapshot: %s", m.Error)
		}
		if snapshot = append(snapshot, m.Params.Chunk...); m.ID == 1 {
			return total(snapshot)
		}
	}
}

// total is the sum of the sizes in a snapshot of the heap.
func total(snapshot []byte) (sum int64, err error) {
	var s struct {
		Snapshot struct {
			Meta struct {
				Fields []string `json:"node_fields"`
			}
		}
		Nodes []int64
	}
	if err := json.Unmarshal(snapshot, &s); err != nil {
		return 0, fmt.Errorf("snapshot: %w", err)
	}
	width, size := len(s.Snapshot.Meta.Fields), slices.Index(s.Snapshot.Meta.Fields, "self_size")
	if size < 0 || len(s.Nodes) == 0 {
		return 0, errors.New("snapshot: no sizes")
	}
	for i := size; i < len(s.Nodes); i += width {
		sum += s.Nodes[i]
	}
	return sum, nil
}

// debugger is the address of the one Worker's inspector session.
func debugger(ctx context.Context, inspector string) (string, error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+inspector+"/json", nil)
	if err != nil {
		return "", err
	}
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		return "", err
	}
	defer answer.Body.Close()
	var targets []struct {
		Address string `json:"webSocketDebuggerUrl"`
	}
	if err := json.NewDecoder(answer.Body).Decode(&targets); err != nil {
		return "", err
	}
	if len(targets) != 1 {
		return "", fmt.Errorf("inspector: %d Workers", len(targets))
	}
	return targets[0].Address, nil
}
