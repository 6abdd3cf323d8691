package csvrows

import (
	"encoding/csv"
	"errors"
	"io"
	"strings"
)

// skipRest skips the rest of a row that is longer than MaxRow and begins with these
// bytes. broken is true if the row has no end or is not CSV: then it is unknown where
// the next row begins.
func (c *Cutter) skipRest(beginning []byte) (broken bool, err error) {
	var row longRow
	row.scan(beginning)
	for {
		end := row.scan(c.buf[c.at:])
		c.skipTo(c.at + end)
		switch {
		case row.state == rowBroken:
			return true, nil
		case row.state == rowEnded:
			return false, nil
		case c.err == nil:
			c.fill(max(c.size, sniffLength))
		case errors.Is(c.err, io.EOF):
			return row.state == inQuotes, nil
		default:
			return false, c.err
		}
	}
}

type rowState int

const (
	atCell rowState = iota // a cell may begin with a quote here
	inCell
	inQuotes
	atQuote // after a quote inside quotes: it ends the cell, or another one follows
	atCR    // after a quoted cell and a CR
	rowEnded
	rowBroken
)

// longRow tracks the quotes of a row, as strictly as encoding/csv does.
type longRow struct {
	state rowState
	read  int
	comma int // the offset after the last comma between two cells, 0 for none
}

// scan continues the row with data and returns how many bytes of data belong to it.
func (r *longRow) scan(data []byte) int {
	for i, b := range data {
		switch r.state {
		case rowEnded, rowBroken:
			return i
		case inQuotes:
			if b == '"' {
				r.state = atQuote
			}
			continue
		}
		switch {
		case b == '\n':
			r.state = rowEnded
		case b == ',' && r.state != atCR:
			r.state, r.comma = atCell, r.read+i+1
		case b == '"' && (r.state == atCell || r.state == atQuote):
			r.state = inQuotes
		case b == '\r' && r.state == atQuote:
			r.state = atCR
		case b == '"', r.state == atQuote, r.state == atCR:
			r.state = rowBroken
		default:
			r.state = inCell
		}
	}
	r.read += len(data)
	return len(data)
}

// addLong adds a row that is too long, with those cells that are whole in its first
// MaxRow bytes.
func (r *Rows) addLong(b *Batch) {
	rest := r.data[r.at:]
	var row longRow
	row.scan([]byte(rest))
	var cells []string
	if row.comma > 0 {
		reader := csv.NewReader(strings.NewReader(rest[:row.comma-1]))
		cells, _ = reader.Read() // it cannot fail: parseStrictly has read more of the row
	}
	r.count++
	b.Rows = append(b.Rows, Row{Number: r.count, Line: r.line, Flaw: TooLong})
	b.addCells(cells)
	r.at, r.long = len(r.data), false
}

// errLong is the read error after the first MaxRow bytes of a longer row.
var errLong = errors.New("too long")

type longReader struct{}

func (longReader) Read([]byte) (int, error) { return 0, errLong }
