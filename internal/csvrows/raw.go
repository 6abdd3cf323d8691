package csvrows

import (
	"bufio"
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
)

// Raw reads rows together with their bytes, so that a row can be passed on unchanged.
type Raw struct {
	csv  *csv.Reader
	rows rawSource
	at   int64 // bytes of the input that Next has returned
	line int   // the line where the last row begins
	bom  []byte
}

// NewRaw returns a reader of the rows in r. It fails with a *NotCSVError if the first
// bytes are plainly not CSV.
func NewRaw(r io.Reader) (*Raw, error) {
	raw := &Raw{}
	in := bufio.NewReaderSize(r, rawRead)
	head, err := in.Peek(sniffLength)
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, err
	}
	if err := guessFormat(head); err != nil {
		return nil, err
	}
	if bytes.HasPrefix(head, bom) {
		raw.bom = bom
		_, _ = in.Discard(len(bom)) // cannot fail after Peek
	}
	raw.rows.in = in
	raw.csv = csv.NewReader(&raw.rows)
	raw.csv.ReuseRecord = true
	raw.csv.FieldsPerRecord = -1
	return raw, nil
}

// rawRead is how many bytes are read at once.
const rawRead = 64 << 10

// rawSource feeds whole rows to the parser, one after another. At a row longer than
// MaxRow it fails with errLong, since the parser would copy the row several times.
type rawSource struct {
	in  io.Reader
	err error  // the error of in
	buf []byte // what was read and not yet returned by Next

	parsed  int  // how much of buf the parser has read
	whole   int  // the end of the last whole row in buf
	scanned int  // the end of the last line in buf that was scanned
	open    bool // a quote is open at scanned
}

func (s *rawSource) Read(p []byte) (int, error) {
	for s.parsed == s.whole {
		if err := s.findRow(); err != nil {
			return 0, err
		}
	}
	n := copy(p, s.buf[s.parsed:s.whole])
	s.parsed += n
	return n, nil
}

// findRow moves whole to the end of the next row. As for a Cutter, that is a line end
// with an even number of quotes before it.
func (s *rawSource) findRow() error {
	for {
		line := s.buf[s.scanned:]
		end := bytes.IndexByte(line, '\n')
		switch {
		case end >= 0:
			s.open = s.open != (bytes.Count(line[:end], quoteMark)%2 == 1)
			s.scanned += end + 1
			if !s.open {
				s.whole = s.scanned
				return nil
			}
		case len(s.buf)-s.whole > MaxRow:
			return errLong
		case s.err == nil:
			s.buf = slices.Grow(s.buf, rawRead)
			var n int
			n, s.err = s.in.Read(s.buf[len(s.buf) : len(s.buf)+rawRead])
			s.buf = s.buf[:len(s.buf)+n]
		case errors.Is(s.err, io.EOF) && len(s.buf) > s.whole: // the last row may lack its line end
			s.whole, s.scanned = len(s.buf), len(s.buf)
			return nil
		default:
			return s.err
		}
	}
}

// take returns the next n bytes, which are valid until the next row is read.
func (s *rawSource) take(n int) []byte {
	taken := s.buf[:n]
	s.buf = s.buf[n:]
	s.parsed, s.whole, s.scanned = s.parsed-n, s.whole-n, s.scanned-n
	return taken
}

// BOM returns the byte order mark of the input, nil if there is none.
func (r *Raw) BOM() []byte { return r.bom }

// Next returns the cells of the next row, its bytes without the line end, and the line
// end, which is empty if the last row lacks one. It skips blank lines. The results are
// valid until the next call. At the end Next returns io.EOF.
func (r *Raw) Next() (cells []string, row, eol []byte, err error) {
	cells, err = r.csv.Read()
	if err != nil {
		parse := (*csv.ParseError)(nil)
		switch {
		case errors.As(err, &parse):
			err = fmt.Errorf("CSV, line %d: %w", parse.Line, inWords(parse.Err))
		case errors.Is(err, errLong):
			const format = "CSV: the row after line %d is longer than %d MiB: probably a quote in it is never closed"
			err = fmt.Errorf(format, r.line, MaxRow>>20)
		}
		return nil, nil, nil, err
	}
	r.line, _ = r.csv.FieldPos(0)
	end := r.csv.InputOffset()
	row = r.rows.take(int(end - r.at))
	r.at = end
	for bytes.HasPrefix(row, []byte("\n")) || bytes.HasPrefix(row, []byte("\r\n")) {
		row = row[bytes.IndexByte(row, '\n')+1:] // skip a blank line before the row
	}
	// encoding/csv takes a \r at the end of the input for a line end too.
	body := bytes.TrimSuffix(bytes.TrimSuffix(row, []byte("\n")), []byte("\r"))
	return cells, body, row[len(body):], nil
}

// Quote returns a cell in CSV, with quotes if it needs them.
func Quote(cell string) []byte {
	if !strings.ContainsAny(cell, "\",\r\n") && !strings.HasPrefix(cell, string(bom)) {
		return []byte(cell)
	}
	return append(append([]byte{'"'}, bytes.ReplaceAll([]byte(cell), []byte(`"`), []byte(`""`))...), '"')
}
