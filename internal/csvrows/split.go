package csvrows

import (
	"bytes"
	"strings"
)

// A span says where in Batch.unquoted the text of a cell is.
type span struct{ cell, from, to int }

// split parses the next row, several times faster than encoding/csv. If the row has an
// error or no line end, split returns false and leaves the row to encoding/csv.
func (r *Rows) split(b *Batch) bool {
	data := r.data
	for r.at < len(data) { // skip blank lines
		if rest := data[r.at:]; rest[0] != '\n' && !strings.HasPrefix(rest, crlf) {
			break
		}
		r.at += strings.IndexByte(data[r.at:], '\n') + 1
		r.line++
	}
	end := strings.IndexByte(data[r.at:], '\n')
	if end < 0 {
		return false
	}
	end += r.at // the end of the line, and of the row unless it is inside quotes
	first, lines := len(b.cells), 1
	quote := nextQuote(data, r.at, end)
	for at := r.at; ; at++ {
		if data[at] != '"' {
			to := end
			if comma := strings.IndexByte(data[at:end], ','); comma >= 0 {
				to = at + comma
			}
			if quote < to {
				return b.drop(first)
			}
			cell := data[at:to]
			if at = to; to == end {
				cell = strings.TrimSuffix(cell, "\r")
			}
			b.cells = append(b.cells, cell)
		} else {
			if at = b.addQuoted(data, at+1, end); at < 0 {
				return b.drop(first)
			}
			if at > end {
				lines += strings.Count(data[end+1:at], "\n") + 1
				next := strings.IndexByte(data[at:], '\n')
				if next < 0 {
					return b.drop(first)
				}
				end = at + next
			}
			if strings.HasPrefix(data[at:], crlf) {
				at++
			}
			quote = nextQuote(data, at, end)
		}
		if at == end {
			break
		}
		if data[at] != ',' {
			return b.drop(first)
		}
	}
	b.ends = append(b.ends, len(b.cells))
	r.add(b, r.line, end+1)
	r.line += lines
	return true
}

// nextQuote returns the index of the next quote before end, or end.
func nextQuote(data string, at, end int) int {
	if i := strings.IndexByte(data[at:end], '"'); i >= 0 {
		return at + i
	}
	return end
}

// drop drops the cells of an unfinished row and returns false.
func (b *Batch) drop(first int) bool {
	b.cells = b.cells[:first]
	for n := len(b.spans); n > 0 && b.spans[n-1].cell >= first; n-- {
		b.spans = b.spans[:n-1]
	}
	return false
}

const crlf = "\r\n"

// addQuoted adds the cell after an opening quote and returns the index after its closing
// quote, -1 if there is none. In a cell of several lines CRLF becomes LF, as in
// encoding/csv.
func (b *Batch) addQuoted(data string, from, end int) int {
	i := strings.IndexByte(data[from:], '"')
	if i < 0 {
		return -1
	}
	if to := from + i; to < end && data[to+1] != '"' { // to < end, so data[to+1] exists
		b.cells = append(b.cells, data[from:to])
		return to + 1
	}
	start := len(b.unquoted)
	for at := from; ; {
		i := strings.IndexByte(data[at:], '"')
		if i < 0 {
			return -1
		}
		quote := at + i
		if quote+1 < len(data) && data[quote+1] == '"' {
			b.unquoted = append(b.unquoted, data[at:quote+1]...) // with one of the two quotes
			at = quote + 2
			continue
		}
		b.unquoted = append(b.unquoted, data[at:quote]...)
		at = quote + 1
		if at > end {
			b.unquoted = append(b.unquoted[:start], bytes.ReplaceAll(b.unquoted[start:], []byte(crlf), lineEnd)...)
		}
		b.spans = append(b.spans, span{cell: len(b.cells), from: start, to: len(b.unquoted)})
		b.cells = append(b.cells, "")
		return at
	}
}
