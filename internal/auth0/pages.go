package auth0

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"maps"
	"net/url"
	"strconv"

	"a0permit/internal/idhash"
)

// pageSize is the largest page that can be asked for. A tenant may grant less
// (docs say 50 on the public cloud, answers say 100), so a short page is never
// taken for the last one.
const pageSize = 100

// numberQuery returns the query for a page by its number, with fixed in it.
func numberQuery(page int, fixed url.Values) url.Values {
	query := url.Values{
		"page": {strconv.Itoa(page)}, "per_page": {strconv.Itoa(pageSize)}, "include_totals": {"true"},
	}
	maps.Copy(query, fixed)
	return query
}

// maxNumbered is how far paging by number reaches. It is also the most roles of a
// tenant, and permissions of a role (Auth0 docs, entity limits).
const maxNumbered = 1000

// numbered returns the rows of path, which has no checkpoints. It reads pages until
// it has as many as Auth0 says there are.
func numbered[R row](ctx context.Context, c *Client, path, list string, fixed url.Values) ([]R, error) {
	var rows []R
	ids, total := map[string]bool{}, 0
	for number := 0; ; number++ {
		answer := page[R]{list: list}
		if err := c.get(ctx, path, numberQuery(number, fixed), &answer); err != nil {
			return nil, err
		}
		before := len(ids)
		for _, r := range answer.rows {
			ids[r.id()] = true
		}
		rows = append(rows, answer.rows...)
		switch came := len(ids); {
		case answer.total == nil:
			return nil, errNoTotal(path)
		case *answer.total > maxNumbered:
			return nil, fmt.Errorf("GET %s: Auth0 says there are %d %s, but only %d can be read",
				path, *answer.total, list, maxNumbered)
		case number > 0 && came == before && len(answer.rows) > 0:
			return nil, errSamePage(path)
		case number > 0 && *answer.total != total, came != len(rows), came > *answer.total,
			came < *answer.total && len(answer.rows) == 0:
			return nil, errTotal(path, list, came, *answer.total)
		case came == *answer.total:
			return rows, nil
		}
		total = *answer.total
	}
}

// row is one row of a list.
type row interface {
	// id tells the row from all others of its list.
	id() string
}

// page is one page of a list, such as {"users": [...], "next": "..."}.
type page[R row] struct {
	list  string // the name of the rows, set before the page is read
	rows  []R
	next  string // "" on the last page, when paged by checkpoint
	limit int    // the page size that was granted, 0 when it is not told
	total *int   // of all pages; nil when it is not told
}

// UnmarshalJSON implements json.Unmarshaler. A page without its list is not the
// same as one whose list is empty, and a row without an id is none of the list's.
func (p *page[R]) UnmarshalJSON(data []byte) error {
	var envelope map[string]json.RawMessage
	if json.Unmarshal(data, &envelope) != nil {
		return errors.New("there is no object around the list of " + p.list)
	}
	*p = page[R]{list: p.list}
	for name, field := range map[string]any{p.list: &p.rows, "next": &p.next, "limit": &p.limit, "total": &p.total} {
		if value, ok := envelope[name]; ok {
			if err := json.Unmarshal(value, field); err != nil {
				return fmt.Errorf("%s: %w", name, err)
			}
		}
	}
	if p.rows == nil {
		return errors.New("there is no list of " + p.list)
	}
	for _, r := range p.rows {
		if !isID(r.id()) {
			return errors.New("there is no id in one of its " + p.list)
		}
	}
	return nil
}

// isID reports whether an id can be part of a path. No escaping keeps a server
// from taking "." and ".." for directories.
func isID(id string) bool { return id != "" && id != "." && id != ".." }

// rowSet tells whether a list still brings new rows, as far as a sample can tell.
type rowSet struct {
	ids     *idhash.Sample
	repeats int // rows of the sample that have come before, since the last new one
}

// maxRepeats is how many repeats tell where the sample is not of all rows.
const maxRepeats = 64

func newRowSet() *rowSet { return &rowSet{ids: idhash.NewSample()} }

// add adds a row and reports whether it is new.
func (s *rowSet) add(id string) bool {
	isSampled, isKnown := s.ids.Add(id)
	switch {
	case isKnown:
		s.repeats++
	case isSampled:
		s.repeats = 0
	}
	return !isKnown
}

// isStuck reports whether a page of so many rows brought nothing new. Of a long
// list it takes more than a page to tell.
func (s *rowSet) isStuck(size int) bool {
	if s.ids.IsPartial() {
		return s.repeats >= maxRepeats
	}
	return size > 0 && s.repeats >= size
}

// maxEmpty is how many pages of a list may be empty and not the last.
const maxEmpty = 10

// checkpoints yields the rows of path. It pages by from and take, which alone
// reach beyond the 1000th row (Auth0 docs, Management API pagination). A page
// without next is the last; the others may be short or, a few times, empty. A row
// that moves to a later page while the pages are read comes twice. An error is
// yielded once, at the end.
func checkpoints[R row](ctx context.Context, c *Client, path, list string, fixed url.Values) iter.Seq2[R, error] {
	return func(yield func(R, error) bool) {
		var none R
		query := url.Values{"take": {strconv.Itoa(pageSize)}}
		maps.Copy(query, fixed)
		rows, marks := newRowSet(), map[string]bool{}
		came, empty := 0, 0
		for {
			answer := page[R]{list: list}
			if err := c.get(ctx, path, query, &answer); err != nil {
				yield(none, err)
				return
			}
			for _, r := range answer.rows {
				if rows.add(r.id()) {
					came++
				}
				if !yield(r, nil) {
					return
				}
			}
			if len(answer.rows) == 0 {
				empty++
			}
			isLast := answer.next == ""
			switch {
			case answer.total != nil && (came > *answer.total || isLast && came < *answer.total):
				yield(none, errTotal(path, list, came, *answer.total))
				return
			case isLast:
				return
			case marks[answer.next], rows.isStuck(len(answer.rows)), empty > maxEmpty:
				yield(none, errSamePage(path))
				return
			}
			marks[answer.next] = true
			query.Set("from", answer.next)
		}
	}
}

// ErrChanged is the error of a list that changed while it was read page by page.
// What moved from one page to another was read twice or not at all.
var ErrChanged = errors.New("the tenant changed while it was read")

// errTotal returns the error of a list that is not as long as Auth0 says it is.
func errTotal(path, list string, came, total int) error {
	return fmt.Errorf("GET %s: got %d %s, but Auth0 says there are %d: %w", path, came, list, total, ErrChanged)
}

// errNoTotal returns the error of a list that does not say how long it is, where
// nothing else shows its end.
func errNoTotal(path string) error {
	return fmt.Errorf("GET %s: Auth0 does not say how many there are", path)
}

// ErrSamePage is the error of a list that would never end.
var ErrSamePage = errors.New("Auth0 sends the same page again and again")

func errSamePage(path string) error { return fmt.Errorf("GET %s: %w", path, ErrSamePage) }

// once yields each row of a list once.
func once[R row](list iter.Seq2[R, error]) iter.Seq2[R, error] {
	return func(yield func(R, error) bool) {
		ids := map[string]bool{}
		for r, err := range list {
			if err == nil && ids[r.id()] {
				continue
			}
			if !yield(r, err) {
				return
			}
			if err == nil {
				ids[r.id()] = true
			}
		}
	}
}
