package jsonl

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
)

const (
	// MaxText is how much of a line is kept in memory. A user with all attributes
	// takes a few kilobytes.
	MaxText = 16 << 20
	// MaxLine is the greatest length of a line.
	MaxLine = 1 << 30
)

// ErrLong is the error for a line longer than MaxLine.
var ErrLong = errors.New("the line is longer than 1 GiB")

// Line is one line of a stream, without the white space at its end.
type Line struct {
	Number int   // from 1
	Offset int64 // of its first byte
	Size   int64
	Text   []byte // at most MaxText bytes of it
	Open   bool   // it is the last one, and lacks its line end
}

// Reader reads lines. It skips empty ones, and the last one may lack its line end.
type Reader struct {
	in     *bufio.Reader
	number int
	offset int64
	text   []byte // of a line that in cannot buffer
}

// NewReader returns a reader of the lines in r.
func NewReader(r io.Reader) *Reader {
	return &Reader{in: bufio.NewReaderSize(r, 256<<10)}
}

// Next returns the next line, whose text is valid until the following call, and
// io.EOF at the end.
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

// readLine reads up to the next line end, which may be beyond what in can buffer.
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
