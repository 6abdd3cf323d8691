package csvrows

import (
	"bufio"
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"strings"
)

// Raw reads rows together with their bytes, so that a row can be passed on exactly
// as it is.
type Raw struct {
	csv  *csv.Reader
	seen bytes.Buffer // read by csv, not yet returned
	at   int64        // where seen begins
	line int          // on which the last row begins
	bom  []byte
}

// NewRaw returns a reader of the rows in r. BOM returns a byte order mark.
func NewRaw(r io.Reader) (*Raw, error) {
	raw := &Raw{}
	in := bufio.NewReaderSize(r, 64<<10)
	head, err := in.Peek(3)
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, err
	}
	if bytes.Equal(head, []byte("\ufeff")) {
		raw.bom = bytes.Clone(head)
		_, _ = in.Discard(len(head)) // cannot fail after Peek
	}
	raw.csv = csv.NewReader(rawSource{in, &raw.seen})
	raw.csv.ReuseRecord = true
	raw.csv.FieldsPerRecord = -1
	return raw, nil
}

// rawSource is what the parser reads, and keeps it. It ends in errLong when the row
// that is not whole yet is longer than MaxRow.
type rawSource struct {
	in   io.Reader
	seen *bytes.Buffer
}

func (s rawSource) Read(p []byte) (int, error) {
	if s.seen.Len() > MaxRow {
		return 0, errLong
	}
	n, err := s.in.Read(p)
	s.seen.Write(p[:n])
	return n, err
}

// BOM returns the byte order mark at the beginning of the input, nil if there is
// none.
func (r *Raw) BOM() []byte { return r.bom }

// Next returns the next row's cells, its bytes without the line end, and the line
// end, which a last row may lack. It skips blank lines. The results are valid
// until the next call. At the end the error is io.EOF.
func (r *Raw) Next() (cells []string, row, eol []byte, err error) {
	cells, err = r.csv.Read()
	if err != nil {
		parse := (*csv.ParseError)(nil)
		switch {
		case errors.As(err, &parse):
			err = fmt.Errorf("the CSV, line %d: %w", parse.Line, parse.Err)
		case errors.Is(err, errLong):
			const format = "the CSV: the row after line %d is longer than %d MiB; most likely a quote in it is never closed"
			err = fmt.Errorf(format, r.line, MaxRow>>20)
		}
		return nil, nil, nil, err
	}
	r.line, _ = r.csv.FieldPos(0)
	end := r.csv.InputOffset()
	row = r.seen.Next(int(end - r.at))
	r.at = end
	for bytes.HasPrefix(row, []byte("\n")) || bytes.HasPrefix(row, []byte("\r\n")) {
		row = row[bytes.IndexByte(row, '\n')+1:] // a blank line before the row
	}
	// For encoding/csv a \r at the end of the input is a line end too.
	body := bytes.TrimSuffix(bytes.TrimSuffix(row, []byte("\n")), []byte("\r"))
	return cells, body, row[len(body):], nil
}

// Quote returns a cell as CSV, in quotes if it needs them.
func Quote(cell string) []byte {
	if !strings.ContainsAny(cell, "\",\r\n") && !strings.HasPrefix(cell, string(bom)) {
		return []byte(cell)
	}
	return append(append([]byte{'"'}, bytes.ReplaceAll([]byte(cell), []byte(`"`), []byte(`""`))...), '"')
}
