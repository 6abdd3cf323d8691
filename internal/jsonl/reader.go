package jsonl

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
)

// MaxLine is the greatest length of a line. A user with all attributes takes a few
// kilobytes.
const MaxLine = 16 << 20

// ErrLong is the error for a line longer than MaxLine.
var ErrLong = errors.New("the line is longer than 16 MiB")

// Line is one line of a stream, without its line end.
type Line struct {
	Number int   // from 1
	Offset int64 // of its first byte
	Text   []byte
}

// Reader reads lines. It skips empty ones, and the last one may lack its line end.
type Reader struct {
	in     *bufio.Reader
	number int
	offset int64
	long   []byte
}

// NewReader returns a reader of the lines in r.
func NewReader(r io.Reader) *Reader {
	return &Reader{in: bufio.NewReaderSize(r, 256<<10)}
}

// Next returns the next line, which is valid until the following call, and io.EOF
// at the end.
func (r *Reader) Next() (Line, error) {
	for {
		text, size, err := r.readLine()
		if err != nil && !errors.Is(err, io.EOF) {
			return Line{}, err
		}
		line := Line{Number: r.number, Offset: r.offset, Text: bytes.TrimRight(text, " \t\r\n")}
		r.offset += size
		if len(line.Text) > 0 {
			return line, nil
		}
		if err != nil {
			return Line{}, err
		}
	}
}

// readLine reads up to the next line end, which may be beyond what in can buffer.
func (r *Reader) readLine() (text []byte, size int64, err error) {
	r.number++
	r.long = r.long[:0]
	for {
		part, err := r.in.ReadSlice('\n')
		if len(r.long)+len(part) > MaxLine {
			return nil, 0, fmt.Errorf("line %d: %w", r.number, ErrLong)
		}
		if !errors.Is(err, bufio.ErrBufferFull) && len(r.long) == 0 {
			return part, int64(len(part)), err
		}
		r.long = append(r.long, part...)
		if !errors.Is(err, bufio.ErrBufferFull) {
			return r.long, int64(len(r.long)), err
		}
	}
}
