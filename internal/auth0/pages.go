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

// pageSize is the largest page that Auth0 accepts. It may send less (50 on the public
// cloud by the docs, 100 by its answers), so a short page is not taken for the last.
const pageSize = 100

// offsetQuery returns the query for a page, counted from 0, by offset pagination.
// Parameters in fixed override its own.
func offsetQuery(page int, fixed url.Values) url.Values {
	query := url.Values{
		"page": {strconv.Itoa(page)}, "per_page": {strconv.Itoa(pageSize)}, "include_totals": {"true"},
	}
	maps.Copy(query, fixed)
	return query
}

// maxOffsetRows is how many rows offset pagination can reach. A tenant has at most
// this many roles, and a role this many permissions (Auth0 docs, entity limits).
const maxOffsetRows = 1000

// listByOffset returns all rows of a path that has no checkpoint pagination. It reads
// pages until it has as many rows as Auth0 says there are. It fails if that number is
// missing, wrong or too large, or changes between two pages.
func listByOffset[R row](ctx context.Context, c *Client, path, list string, fixed url.Values) ([]R, error) {
	var rows []R
	ids, total := map[string]bool{}, 0
	for number := 0; ; number++ {
		answer := page[R]{list: list}
		if err := c.get(ctx, path, offsetQuery(number, fixed), &answer); err != nil {
			return nil, err
		}
		before := len(ids)
		for _, r := range answer.rows {
			ids[r.id()] = true
		}
		rows = append(rows, answer.rows...)
		switch got := len(ids); {
		case answer.total == nil:
			return nil, errNoTotal(path)
		case *answer.total > maxOffsetRows:
			return nil, fmt.Errorf("GET %s: Auth0 says there are %d %s, but only %d can be read",
				path, *answer.total, list, maxOffsetRows)
		case number > 0 && got == before && len(answer.rows) > 0:
			return nil, errSamePage(path)
		case number > 0 && *answer.total != total, got != len(rows), got > *answer.total,
			got < *answer.total && len(answer.rows) == 0:
			return nil, errTotal(path, list, got, *answer.total)
		case got == *answer.total:
			return rows, nil
		}
		total = *answer.total
	}
}

// row is one row of a list.
type row interface {
	// id returns an id that is unique in the list.
	id() string
}

// page is one page of a list, such as {"users": [...], "next": "..."}.
type page[R row] struct {
	list  string // the JSON name of the list, set before the page is read
	rows  []R
	next  string // the next checkpoint; "" on the last page
	limit int    // the page size that Auth0 used, 0 if it does not say
	total *int   // rows on all pages, nil if Auth0 does not say
}

// UnmarshalJSON implements json.Unmarshaler. It fails if the list is missing, which is
// not the same as empty, or if a row has no usable id.
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

// isID reports whether an id can be part of a path. Servers take "." and ".." for
// directories even if they are escaped.
func isID(id string) bool { return id != "" && id != "." && id != ".." }

// rowSet tells whether a list still brings new rows. It remembers a sample of them, so
// it needs little memory for a long list.
type rowSet struct {
	ids     *idhash.Sample
	repeats int // repeated rows of the sample since its last new row
}

// maxRepeats is how many repeats in a row show that a list is stuck, once the sample
// no longer holds every row.
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

// isStuck reports whether the last page, of size rows, brought nothing new. In a long
// list it takes several pages to notice.
func (s *rowSet) isStuck(size int) bool {
	if s.ids.IsPartial() {
		return s.repeats >= maxRepeats
	}
	return size > 0 && s.repeats >= size
}

// maxEmpty is how many empty pages a list may have before its last page.
const maxEmpty = 10

// listByCheckpoint yields the rows of path. It pages by from and take, the only way
// past the 1000th row (Auth0 docs, Management API pagination). The last page is the
// one without next; any other may be short, and up to maxEmpty may be empty. A row
// that moves to a later page during the reading is yielded twice. An error ends the
// list.
func listByCheckpoint[R row](ctx context.Context, c *Client, path, list string, fixed url.Values) iter.Seq2[R, error] {
	return func(yield func(R, error) bool) {
		var none R
		query := url.Values{"take": {strconv.Itoa(pageSize)}}
		maps.Copy(query, fixed)
		rows, checkpoints := newRowSet(), map[string]bool{}
		got, empty := 0, 0
		for {
			answer := page[R]{list: list}
			if err := c.get(ctx, path, query, &answer); err != nil {
				yield(none, err)
				return
			}
			for _, r := range answer.rows {
				if rows.add(r.id()) {
					got++
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
			case answer.total != nil && (got > *answer.total || isLast && got < *answer.total):
				yield(none, errTotal(path, list, got, *answer.total))
				return
			case isLast:
				return
			case checkpoints[answer.next], rows.isStuck(len(answer.rows)), empty > maxEmpty:
				yield(none, errSamePage(path))
				return
			}
			checkpoints[answer.next] = true
			query.Set("from", answer.next)
		}
	}
}

// ErrChanged means that a list changed while its pages were read. A row that moved
// from one page to another was read twice or not at all.
var ErrChanged = errors.New("the tenant changed while it was read")

// errTotal returns the error for a list that is shorter or longer than its total.
func errTotal(path, list string, got, total int) error {
	return fmt.Errorf("GET %s: got %d %s, but Auth0 says there are %d: %w", path, got, list, total, ErrChanged)
}

// errNoTotal returns the error for a list without a total. By offset pagination
// nothing else shows where the list ends.
func errNoTotal(path string) error {
	return fmt.Errorf("GET %s: Auth0 does not say how many there are", path)
}

// ErrSamePage means that a list would never end.
var ErrSamePage = errors.New("Auth0 sends the same page again and again")

func errSamePage(path string) error { return fmt.Errorf("GET %s: %w", path, ErrSamePage) }

// dedupe yields each row of a list once.
func dedupe[R row](list iter.Seq2[R, error]) iter.Seq2[R, error] {
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
