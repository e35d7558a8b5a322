package main

import (
	"github.com/tdewolff/minify/v2"
	"github.com/tdewolff/minify/v2/css"
	"github.com/tdewolff/minify/v2/html"
	"github.com/tdewolff/minify/v2/js"
	"github.com/tdewolff/minify/v2/json"
	"github.com/tdewolff/minify/v2/svg"
)

// minified is content without what only its author needs. Kinds of file it does not know stay as they are.
func minified(extension string, content []byte) ([]byte, error) {
	m := minify.New()
	switch extension {
	case ".html":
		// Document and end tags stay: they cost little, and every parser then sees the same tree.
		m.Add(extension, &html.Minifier{KeepDocumentTags: true, KeepEndTags: true, KeepQuotes: false})
		m.Add("image/svg+xml", &svg.Minifier{})
	case ".css":
		m.Add(extension, &css.Minifier{})
	case ".js":
		m.Add(extension, &js.Minifier{})
	case ".json":
		m.Add(extension, &json.Minifier{KeepNumbers: true})
	case ".svg":
		m.Add(extension, &svg.Minifier{})
	default:
		return content, nil
	}
	return m.Bytes(extension, content)
}
