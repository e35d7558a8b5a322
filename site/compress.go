package main

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/hex"
	"io"
	"os"
	"path"
	"path/filepath"
	"slices"
	"sync"

	"github.com/andybalholm/brotli"
)

// encodings lists how files are compressed for hosts that serve ready-made siblings.
var encodings = []struct {
	suffix string
	writer func(io.Writer) (io.WriteCloser, error)
}{
	{".br", func(w io.Writer) (io.WriteCloser, error) {
		return brotli.NewWriterLevel(w, brotli.BestCompression), nil
	}},
	{".gz", func(w io.Writer) (io.WriteCloser, error) { return gzip.NewWriterLevel(w, gzip.BestCompression) }},
}

// compress adds a sibling in each encoding to every file that gains by it. Brotli at its best takes half a minute for the
// Go module, so results are kept in cache under the hash of what they were made from.
func compress(out tree, cache string, log func(string, ...any)) error {
	if err := os.MkdirAll(cache, 0o755); err != nil {
		return err
	}
	type result struct {
		name    string
		content []byte
		err     error
	}
	var wait sync.WaitGroup
	results := make(chan result)
	room := make(chan struct{}, 2)
	for _, name := range out.names() {
		if !slices.Contains([]string{".html", ".css", ".js", ".svg", ".json", ".wasm", ".txt"}, path.Ext(name)) {
			continue
		}
		for _, encoding := range encodings {
			wait.Go(func() {
				room <- struct{}{}
				defer func() { <-room }()
				sum := sha256.Sum256(out[name])
				kept := filepath.Join(cache, hex.EncodeToString(sum[:])+encoding.suffix)
				packed, err := os.ReadFile(kept)
				if err != nil {
					if len(out[name]) > 1<<20 {
						log("compressing %s%s, once for this content", name, encoding.suffix)
					}
					packed, err = pack(out[name], encoding.writer, kept)
				}
				results <- result{name + encoding.suffix, packed, err}
			})
		}
	}
	go func() { wait.Wait(); close(results) }()
	added := tree{}
	var failed error
	for r := range results {
		if r.err != nil {
			failed = r.err
		}
		added[r.name] = r.content
	}
	for name, content := range added {
		original := name[:len(name)-len(path.Ext(name))]
		if len(content) < len(out[original]) {
			out[name] = content
		}
	}
	return failed
}

func pack(content []byte, writer func(io.Writer) (io.WriteCloser, error), kept string) ([]byte, error) {
	var packed bytes.Buffer
	w, err := writer(&packed)
	if err != nil {
		return nil, err
	}
	if _, err := w.Write(content); err != nil {
		return nil, err
	}
	if err := w.Close(); err != nil {
		return nil, err
	}
	partial := kept + ".partial"
	if err := os.WriteFile(partial, packed.Bytes(), 0o644); err != nil {
		return nil, err
	}
	return packed.Bytes(), os.Rename(partial, kept)
}
