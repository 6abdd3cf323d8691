package a0export

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"a0permit/internal/csvrows"
)

// joined is what was written.
type joined struct {
	users   int
	holders int // of them, with a role
}

// join copies Auth0's CSV to out exactly as it is and appends the column
// roles; without holders it only copies.
func join(ctx context.Context, in io.Reader, out io.Writer, roles *holders) (joined, error) {
	var done joined
	rows, err := csvrows.NewRaw(in)
	if err != nil {
		return done, err
	}
	header, row, lineEnd, err := rows.Next()
	if errors.Is(err, io.EOF) {
		return done, errors.New("the export is empty: there is not even a header")
	}
	if err != nil {
		return done, err
	}
	column := slices.Index(header, "user_id")
	if column < 0 {
		return done, fmt.Errorf("the export has no user_id column, only %s", strings.Join(header, ", "))
	}
	newline := bytes.Clone(lineEnd) // it is good until the next row only
	if len(newline) == 0 {
		newline = []byte("\n")
	}
	w := &rowWriter{out: out}
	w.write(rows.BOM(), row)
	if roles != nil {
		w.write([]byte(",roles"))
	}
	w.write(newline)
	escaped, decided := false, false
	for w.err == nil {
		if ctx.Err() != nil {
			return done, context.Cause(ctx)
		}
		cells, row, _, err := rows.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return done, err
		}
		w.write(row)
		done.users++
		if roles != nil {
			id := ""
			if column < len(cells) {
				id = cells[column]
			}
			// Auth0 puts one ' before each string cell (Auth0 docs, bulk user
			// exports: CSV injection); older exports have none.
			if !decided && id != "" {
				escaped, decided = strings.HasPrefix(id, "'"), true
			}
			if escaped {
				id = strings.TrimPrefix(id, "'")
			}
			cell, some := roles.cell(id)
			if some {
				done.holders++
			}
			w.write([]byte{','}, csvrows.Quote(string(cell)))
		}
		w.write(newline)
	}
	return done, w.err
}

// rowWriter keeps the first error, so that a row's parts need no check each.
type rowWriter struct {
	out io.Writer
	err error
}

func (w *rowWriter) write(parts ...[]byte) {
	for _, part := range parts {
		if w.err == nil && len(part) > 0 {
			if _, err := w.out.Write(part); err != nil {
				w.err = outputError(err)
			}
		}
	}
}
