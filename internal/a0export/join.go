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
	"a0permit/internal/tool"
)

// column is what is appended to each user's row.
type column struct {
	name  string
	cells cells
	found int // users of the export with anything in theirs
}

type cells interface {
	// cell is a user's cell, and whether there is anything in it.
	cell(userID string) ([]byte, bool)
	// users is how many have anything in theirs.
	users() int
}

// joined is what was written.
type joined struct {
	users      int
	enterprise int // of them, by the connections of companies
}

// join copies Auth0's CSV to out exactly as it is and appends columns.
func join(ctx context.Context, in io.Reader, out io.Writer, columns []*column, told *tool.Progress) (joined, error) {
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
	key := slices.Index(header, "user_id")
	if key < 0 {
		// Where there is no header at all, its names are a person's data.
		return done, fmt.Errorf("the export has no user_id column among its %d", len(header))
	}
	newline := bytes.Clone(lineEnd) // it is good until the next row only
	if len(newline) == 0 {
		newline = []byte("\n")
	}
	w := &rowWriter{out: out}
	w.write(rows.BOM(), row)
	for _, c := range columns {
		w.write([]byte(","), []byte(c.name))
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
		told.Add(1)
		id := ""
		if key < len(cells) {
			id = cells[key]
		}
		// Auth0 puts one ' before each string cell (Auth0 docs, bulk user
		// exports: CSV injection); older exports have none.
		if !decided && id != "" {
			escaped, decided = strings.HasPrefix(id, "'"), true
		}
		if escaped {
			id = strings.TrimPrefix(id, "'")
		}
		if ofCompany(id) {
			done.enterprise++
		}
		for _, c := range columns {
			cell, some := c.cells.cell(id)
			if some {
				c.found++
			}
			w.write([]byte{','}, csvrows.Quote(string(cell)))
		}
		w.write(newline)
	}
	return done, w.err
}

// ofCompany reports whether a user id is one of an enterprise connection: their
// strategies (Auth0's OpenAPI) begin it.
func ofCompany(userID string) bool {
	strategy, _, _ := strings.Cut(userID, "|")
	switch strategy {
	case "ad", "adfs", "google-apps", "office365", "oidc", "okta", "pingfederate", "samlp", "sharepoint", "waad":
		return true
	}
	return false
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
