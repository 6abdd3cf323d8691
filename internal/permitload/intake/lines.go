package intake

import (
	"bytes"
	"fmt"

	"a0permit/internal/record"
)

// UserLine returns where the line of user i stands.
func (in *Input) UserLine(i int) Line { return in.users[i] }

// Text reads a line again.
func (in *Input) Text(l Line) ([]byte, error) {
	text := make([]byte, l.size)
	if _, err := in.sources[l.source].ReadAt(text, l.offset); err != nil {
		return nil, fmt.Errorf("read the input again: %w", err)
	}
	return text, nil
}

// User reads the line of user i again.
func (in *Input) User(i int) (*record.User, error) {
	text, err := in.Text(in.users[i])
	if err != nil {
		return nil, err
	}
	u := &record.User{}
	if err := record.Decode(text, u); err != nil {
		return nil, fmt.Errorf("read the input again: it has changed: %w", err)
	}
	return u, nil
}

// Where returns the source and the number of a line, for people. It counts the
// lines before it, since a number for each would be memory for nothing.
func (in *Input) Where(l Line) (string, error) {
	src := in.sources[l.source]
	number, block := 1, make([]byte, 1<<20)
	for from := src.base; from < l.offset; {
		n, err := src.ReadAt(block[:min(int64(len(block)), l.offset-from)], from)
		if n == 0 {
			return "", fmt.Errorf("read the input again: %w", err)
		}
		number += bytes.Count(block[:n], []byte{'\n'})
		from += int64(n)
	}
	return fmt.Sprintf("%s: line %d", src.name, number), nil
}
