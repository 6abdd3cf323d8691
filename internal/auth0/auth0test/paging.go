package auth0test

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"strconv"
	"strings"
	"time"
)

const (
	defaultPage    = 50
	maxPage        = 100
	offsetCap      = 1000           // how many records page and per_page can reach
	checkpointLife = 24 * time.Hour // docs: management API, checkpoint pagination
)

var (
	offsetParams = []param{
		{name: "page", kind: integer},
		{name: "per_page", kind: integer, min: 1, max: maxPage},
		{name: "include_totals", kind: boolean},
	}
	checkpointParams = []param{
		{name: "from"},
		{name: "take", kind: integer, min: 1, max: maxPage},
	}
)

// listing is a list that is sent in pages.
type listing struct {
	name string // the JSON name of the rows
	n    int
	row  func(int) any
	key  func(int) string // identifies a row in a checkpoint

	hasEmptyLast bool // an empty page follows the page with the last row

	search bool // a search has its own paging error, and sends a length
}

func (s *Server) list(c *request, l listing) (any, error) {
	if c.query.has("from") || c.query.has("take") {
		return s.checkpointPage(c, l)
	}
	return s.offsetPage(c, l)
}

// offsetPage returns a bare array or, if include_totals is set, an envelope.
func (s *Server) offsetPage(c *request, l listing) (any, error) {
	page := c.query.number("page", 0)
	per := min(c.query.number("per_page", defaultPage), s.opts.PageMax)
	if page > offsetCap || page*per+per > offsetCap {
		if l.search {
			return nil, errSearchPaging()
		}
		return nil, errPaging(page)
	}
	start := page * per
	rows := l.rows(start, start+per)
	if !c.query.flag("include_totals") {
		return rows, nil
	}
	envelope := map[string]any{l.name: rows, "start": start, "limit": per, "total": l.n}
	if l.search {
		envelope["length"] = len(rows)
	}
	return envelope, nil
}

// checkpointPage returns a page by from and take. It ignores include_totals and
// per_page, as recorded, and refuses a page number.
func (s *Server) checkpointPage(c *request, l listing) (any, error) {
	if c.query.has("page") {
		return nil, errQuery("'page cannot be combined with from or take'.")
	}
	pos := 0
	if c.query.has("from") {
		var ok bool
		if pos, ok = l.resume(c); !ok {
			return nil, errQuery("'Invalid checkpoint' on property from.")
		}
	}
	size := min(c.query.number("take", defaultPage), s.opts.PageMax)
	end := min(pos+l.pageSize(pos, size), l.n)
	envelope := map[string]any{l.name: l.rows(pos, end)}
	switch full := end-pos == size; {
	case s.opts.RepeatNext && c.query.has("from"):
		envelope["next"] = c.query["from"]
	case end < l.n, pos < l.n && (l.hasEmptyLast || full), s.opts.RepeatNext:
		envelope["next"] = l.checkpoint(c, end)
	}
	return envelope, nil
}

// pageSize returns the number of rows in the page at pos. It makes the second page
// short, so that a short page is not always the last, unless that would add a page.
func (l listing) pageSize(pos, size int) int {
	slack := (size - l.n%size) % size
	if pos != size || pos+size >= l.n || slack == 0 {
		return size
	}
	return size - min(slack, max(1, size/10))
}

func (l listing) rows(start, end int) []any {
	out := []any{} // an empty page is [], not null
	for i := start; i < min(end, l.n); i++ {
		out = append(out, l.row(i))
	}
	return out
}

// checkpoint returns the checkpoint after the row before pos. It is opaque base64 with
// padding, so a client must escape it in a query.
func (l listing) checkpoint(c *request, pos int) string {
	last := ""
	if pos > 0 && pos <= l.n {
		last = l.key(pos - 1)
	}
	text := fmt.Sprintf("%s\n%s\n%d\n%s\n", c.now.UTC().Format(time.RFC3339Nano), c.http.URL.Path, pos, last)
	text += strings.Repeat(" ", (3-len(text)%3)%3)
	return base64.StdEncoding.EncodeToString(append([]byte(text), sign(text)[:16]...))
}

// resume returns the position after a checkpoint, and false if the checkpoint is not
// valid. If rows have been added or removed since, it continues after the same row.
func (l listing) resume(c *request) (pos int, ok bool) {
	raw, err := base64.StdEncoding.DecodeString(c.query["from"])
	if err != nil || len(raw) < 16 {
		return 0, false
	}
	text, mac := string(raw[:len(raw)-16]), raw[len(raw)-16:]
	part := strings.Split(text, "\n")
	if !hmac.Equal(mac, sign(text)[:16]) || len(part) != 5 || part[1] != c.http.URL.Path {
		return 0, false
	}
	issued, err := time.Parse(time.RFC3339Nano, part[0])
	if err != nil || c.now.Sub(issued) >= checkpointLife {
		return 0, false
	}
	if pos, err = strconv.Atoi(part[2]); err != nil {
		return 0, false
	}
	if pos == 0 || pos <= l.n && l.key(pos-1) == part[3] {
		return pos, true
	}
	for i := range l.n {
		if l.key(i) == part[3] {
			return i + 1, true
		}
	}
	return min(pos-1, l.n), true // the row itself is gone
}

func sign(text string) []byte {
	h := hmac.New(sha256.New, []byte("auth0test"))
	h.Write([]byte(text))
	return h.Sum(nil)
}
