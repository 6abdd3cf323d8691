package jsonl

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
)

const (
	// MaxText is how much of a line is kept in memory, in bytes. A user with all
	// attributes has a few kilobytes.
	MaxText = 16 << 20
	// MaxLine is the greatest length of a line, in bytes.
	MaxLine = 1 << 30
)

// ErrLong is returned by Next for a line longer than MaxLine.
var ErrLong = errors.New("the line is longer than 1 GiB")

// Line is one line of a stream, without the white space at its end.
type Line struct {
	Number int    // from 1; empty lines count
	Offset int64  // of its first byte in the stream
	Size   int64  // in bytes
	Text   []byte // the whole line, or its first MaxText bytes
	Open   bool   // the stream ends without a line end after it
}

// Reader reads lines. It skips empty lines, and the last line may lack its line end.
type Reader struct {
	in     *bufio.Reader
	number int
	offset int64
	text   []byte // a line that does not fit the buffer of in
}

// NewReader returns a reader of the lines in r.
func NewReader(r io.Reader) *Reader {
	return &Reader{in: bufio.NewReaderSize(r, 256<<10)}
}

// Next returns the next line. Its Text is valid until the next call. At the end of the
// stream Next returns io.EOF.
func (r *Reader) Next() (Line, error) {
	for {
		line, err := r.readLine()
		if line.Size > 0 && (err == nil || errors.Is(err, io.EOF)) {
			return line, nil
		}
		if err != nil {
			return Line{}, err
		}
	}
}

// readLine reads up to the next line end, which may be beyond the buffer of in.
func (r *Reader) readLine() (line Line, err error) {
	r.number++
	line = Line{Number: r.number, Offset: r.offset}
	r.text = r.text[:0]
	for size := int64(0); ; {
		part, err := r.in.ReadSlice('\n')
		if text := bytes.TrimRight(part, " \t\r\n"); len(text) > 0 {
			line.Size = size + int64(len(text))
		}
		size += int64(len(part))
		r.offset += int64(len(part))
		if size > MaxLine {
			return Line{}, fmt.Errorf("line %d: %w", r.number, ErrLong)
		}
		isWhole := !errors.Is(err, bufio.ErrBufferFull)
		line.Open = errors.Is(err, io.EOF)
		if isWhole && len(r.text) == 0 {
			line.Text = part[:line.Size]
			return line, err
		}
		r.text = append(r.text, part[:min(len(part), MaxText-len(r.text))]...)
		if isWhole {
			line.Text = r.text[:min(int64(len(r.text)), line.Size)]
			return line, err
		}
	}
}
