package csvrows

import (
	"bufio"
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
)

// Raw reads rows and keeps the bytes that each was written with, so that a row
// can be passed on exactly as it came. Its cells are for looking at only.
type Raw struct {
	csv  *csv.Reader
	seen bytes.Buffer // read by csv, not yet handed out
	at   int64        // where seen begins
	bom  []byte
}

// NewRaw reads from r. A byte order mark is set aside: see BOM.
func NewRaw(r io.Reader) (*Raw, error) {
	raw := &Raw{}
	in := bufio.NewReaderSize(r, 64<<10)
	head, err := in.Peek(3)
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, err
	}
	if bytes.Equal(head, []byte("\ufeff")) {
		raw.bom = bytes.Clone(head)
		_, _ = in.Discard(len(head)) // peeked, so it is there
	}
	raw.csv = csv.NewReader(io.TeeReader(in, &raw.seen))
	raw.csv.ReuseRecord = true
	raw.csv.FieldsPerRecord = -1
	return raw, nil
}

// BOM is the byte order mark the input began with, if any.
func (r *Raw) BOM() []byte { return r.bom }

// Next returns the next row's cells, its bytes without the line end, and the
// line end itself: empty for a last row that has none. Blank lines are left
// out. All are good until the next call. The end is io.EOF.
func (r *Raw) Next() (cells []string, row, eol []byte, err error) {
	cells, err = r.csv.Read()
	if err != nil {
		if parse := (*csv.ParseError)(nil); errors.As(err, &parse) {
			err = fmt.Errorf("the CSV, line %d: %w", parse.Line, parse.Err)
		}
		return nil, nil, nil, err
	}
	end := r.csv.InputOffset()
	row = r.seen.Next(int(end - r.at))
	r.at = end
	for bytes.HasPrefix(row, []byte("\n")) || bytes.HasPrefix(row, []byte("\r\n")) {
		row = row[bytes.IndexByte(row, '\n')+1:] // an empty line before it
	}
	// encoding/csv takes a \r before the end of the input for a line end too.
	body := bytes.TrimSuffix(bytes.TrimSuffix(row, []byte("\n")), []byte("\r"))
	return cells, body, row[len(body):], nil
}

// Quote is a cell as it stands in CSV.
func Quote(cell string) []byte {
	if !bytes.ContainsAny([]byte(cell), "\",\r\n") {
		return []byte(cell)
	}
	return append(append([]byte{'"'}, bytes.ReplaceAll([]byte(cell), []byte(`"`), []byte(`""`))...), '"')
}
