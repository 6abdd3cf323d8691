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
	"a0permit/internal/httpapi"
	"a0permit/internal/tool"
)

// column is a column that join appends to the users.
type column struct {
	name  string
	cells cells
	found int // exported users whose cell is not empty
}

type cells interface {
	// cell returns a user's cell as JSON, and whether it holds anything.
	cell(userID string) ([]byte, bool)
	// users returns how many users have a cell that holds anything.
	users() int
}

// joinCounts counts the users that join has written.
type joinCounts struct {
	users      int
	enterprise int // users from enterprise connections

	isOpen bool // whether the last row lacks its line end
}

// join copies Auth0's CSV to out unchanged and appends columns.
func join(
	ctx context.Context, in io.Reader, out io.Writer, columns []*column, progress *tool.Progress,
) (joinCounts, error) {
	var counts joinCounts
	rows, err := csvrows.NewRaw(in)
	if page := (*csvrows.NotCSVError)(nil); errors.As(err, &page) {
		page.Says = httpapi.Redact(page.Says)
	}
	if err != nil {
		return counts, err
	}
	header, row, eol, err := rows.Next()
	if errors.Is(err, io.EOF) {
		return counts, errors.New("the export is empty: it has no header")
	}
	if err != nil {
		return counts, err
	}
	key := slices.Index(header, "user_id")
	if key < 0 {
		// This may be a user's row instead of a header, so its cells are not shown.
		return counts, fmt.Errorf("none of the %d columns of the export is user_id", len(header))
	}
	newline := bytes.Clone(eol) // eol is valid only until the next row
	if len(newline) == 0 {
		newline = []byte("\n")
	}
	counts.isOpen = len(eol) == 0
	w := &rowWriter{out: out}
	w.write(rows.BOM(), row)
	for _, c := range columns {
		w.write([]byte(","), []byte(c.name))
	}
	w.write(newline)
	escaped, decided := false, false
	for w.err == nil {
		if ctx.Err() != nil {
			return counts, context.Cause(ctx)
		}
		cells, row, eol, err := rows.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return counts, err
		}
		w.write(row)
		counts.isOpen = len(eol) == 0
		counts.users++
		progress.Add(1)
		id := ""
		if key < len(cells) {
			id = cells[key]
		}
		// Auth0 puts a ' before each string cell (Auth0 docs, bulk user exports: CSV
		// injection). Older exports have none.
		if !decided && id != "" {
			escaped, decided = strings.HasPrefix(id, "'"), true
		}
		if escaped {
			id = strings.TrimPrefix(id, "'")
		}
		if isEnterprise(id) {
			counts.enterprise++
		}
		for _, c := range columns {
			cell, isFilled := c.cells.cell(id)
			if isFilled {
				c.found++
			}
			w.write([]byte{','}, csvrows.Quote(string(cell)))
		}
		w.write(newline)
	}
	return counts, w.err
}

// isEnterprise reports whether a user comes from an enterprise connection. The id
// begins with the connection's strategy (Auth0's OpenAPI).
func isEnterprise(userID string) bool {
	strategy, _, _ := strings.Cut(userID, "|")
	switch strategy {
	case "ad", "adfs", "google-apps", "office365", "oidc", "okta", "pingfederate", "samlp", "sharepoint", "waad":
		return true
	}
	return false
}

// rowWriter keeps the first error, so that callers need not check each write.
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
