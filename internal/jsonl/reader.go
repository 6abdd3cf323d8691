package jsonl

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
)

// MaxLine is the longest line that is read. A user with all its attributes is
// a few kilobytes.
const MaxLine = 16 << 20

// ErrLong is a line longer than MaxLine.
var ErrLong = errors.New("the line is longer than 16 MiB")

// Line is one line of a stream, without its line end.
type Line struct {
	Number int   // from 1
	Offset int64 // of its first byte
	Text   []byte
}

// Reader reads lines. The last one may lack its line end; empty lines are
// passed over.
type Reader struct {
	in     *bufio.Reader
	number int
	offset int64
	long   []byte
}

// NewReader reads from r.
func NewReader(r io.Reader) *Reader {
	return &Reader{in: bufio.NewReaderSize(r, 256<<10)}
}

// Next is the next line, good until the call after. The end is io.EOF.
func (r *Reader) Next() (Line, error) {
	for {
		text, size, err := r.line()
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

// line reads up to the line end, however long the reader's buffer is.
func (r *Reader) line() (text []byte, size int64, err error) {
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
