package intake

import (
	"bytes"
	"errors"
	"fmt"
	"io"

	"a0permit/internal/record"
)

// UserLine returns the line of user i.
func (in *Input) UserLine(i int) Line { return in.users[i] }

// ErrChanged means that a line differs when it is read again: somebody has written to
// the file.
var ErrChanged = errors.New("has changed since it was read")

// Text reads a line again. The line must not be long.
func (in *Input) Text(l Line) ([]byte, error) {
	text := make([]byte, l.size)
	n, err := in.sources[l.source].ReadAt(text, l.offset)
	if n < len(text) && !errors.Is(err, io.EOF) {
		return nil, in.readError(l, err)
	}
	if in.hasher.Sum(text[:n]) != l.sum {
		return nil, in.readError(l, ErrChanged)
	}
	return text, nil
}

// LongText returns a reader of a line, which may be long, after checking that it has
// not changed.
func (in *Input) LongText(l Line) (*io.SectionReader, error) {
	sum, err := in.hasher.SumOf(in.section(l))
	if err == nil && sum != l.sum {
		err = ErrChanged
	}
	if err != nil {
		return nil, in.readError(l, err)
	}
	return in.section(l), nil
}

func (in *Input) section(l Line) *io.SectionReader {
	return io.NewSectionReader(in.sources[l.source], l.offset, int64(l.size))
}

func (in *Input) readError(l Line, err error) error {
	if !errors.Is(err, ErrChanged) {
		return fmt.Errorf("read %s again: %w", in.sources[l.source].name, err)
	}
	where, lost := in.Where(l)
	if lost != nil { // the file ends before the line
		where = in.sources[l.source].name
	}
	return fmt.Errorf("%s %w", where, err)
}

// User reads the line of user i again.
func (in *Input) User(i int) (*record.User, error) {
	text, err := in.Text(in.users[i])
	if err != nil {
		return nil, err
	}
	u := &record.User{}
	return u, record.Decode(text, u)
}

// Where returns the source and the number of a line, for people. It counts the lines
// before it, so that numbers take no memory.
func (in *Input) Where(l Line) (string, error) {
	src := in.sources[l.source]
	number, block := 1, make([]byte, 1<<20)
	for from := src.base; from < l.offset; {
		n, err := src.ReadAt(block[:min(int64(len(block)), l.offset-from)], from)
		if n == 0 {
			return "", fmt.Errorf("read %s again: %w", src.name, err)
		}
		number += bytes.Count(block[:n], []byte{'\n'})
		from += int64(n)
	}
	return fmt.Sprintf("%s: line %d", src.name, number), nil
}
