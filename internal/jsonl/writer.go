// Package jsonl reads and writes JSON Lines: one JSON value per line. It knows nothing
// about the meaning of the values.
package jsonl

import (
	"bufio"
	"encoding/json"
	"io"
)

// A Writer writes lines through a buffer. After an error, every call returns that error
// again. A Writer is not safe for concurrent use.
type Writer struct {
	buf *bufio.Writer
	enc *json.Encoder
}

// NewWriter returns a writer of lines to w. The caller must call Flush at the end.
func NewWriter(w io.Writer) *Writer {
	buf := bufio.NewWriterSize(w, 256<<10)
	enc := json.NewEncoder(buf)
	enc.SetEscapeHTML(false) // the lines are never part of a web page
	return &Writer{buf: buf, enc: enc}
}

// Write writes v as one line.
func (w *Writer) Write(v any) error { return w.enc.Encode(v) }

// WriteRaw writes a line from the parts of an encoded value, and adds the line end.
func (w *Writer) WriteRaw(parts ...[]byte) error {
	for _, part := range parts {
		_, _ = w.buf.Write(part) // buf keeps an error for the next call
	}
	return w.buf.WriteByte('\n')
}

// Flush writes the buffered lines.
func (w *Writer) Flush() error { return w.buf.Flush() }
