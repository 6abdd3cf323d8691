package permit

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"iter"
	"maps"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"a0permit/internal/idhash"
)

// The most items that a page can be asked for (OpenAPI: per_page).
const (
	PageSize            = 100
	AssignmentsPageSize = 1000
)

// ignoreUnproved yields a list without the errors for which IsUnproved holds. It is
// for lists where a missing item does no harm: writing the item shows that it exists.
func ignoreUnproved[T any](list iter.Seq2[T, error]) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		for item, err := range list {
			if IsUnproved(err) || !yield(item, err) {
				return
			}
		}
	}
}

// object is an item of a list.
type object interface {
	// id tells the object from all others of its list. One without it is none of them.
	id() string
}

func (u User) id() string   { return u.Key }
func (t Tenant) id() string { return t.Key }
func (r Role) id() string   { return r.Key }

func (h Held) id() string {
	if h.User == "" || h.Role == "" {
		return ""
	}
	return strings.Join([]string{h.User, h.Role, h.Tenant, h.ResourceInstance}, "\x00")
}

// list is one page of a list. Permit answers with a bare array or with an
// envelope, depending on the endpoint and its parameters.
type list[T object] struct {
	items []T
	total int // -1 when the answer does not say
}

func (l *list[T]) UnmarshalJSON(data []byte) error {
	*l = list[T]{total: -1}
	if bytes.HasPrefix(bytes.TrimSpace(data), []byte("[")) {
		if err := json.Unmarshal(data, &l.items); err != nil {
			return err
		}
		return l.check()
	}
	var envelope struct {
		Data  *[]T `json:"data"`
		Total *int `json:"total_count"`
	}
	if err := json.Unmarshal(data, &envelope); err != nil {
		return err
	}
	if envelope.Data == nil {
		return errors.New("neither a list nor an envelope around one")
	}
	l.items = *envelope.Data
	if envelope.Total != nil && *envelope.Total >= 0 {
		l.total = *envelope.Total
	}
	return l.check()
}

func (l *list[T]) check() error {
	if slices.ContainsFunc(l.items, func(item T) bool { return item.id() == "" }) {
		return errors.New("an item of the list has no key")
	}
	return nil
}

// ErrShrunk is the error of a list that lost an item while it was read. The
// items behind it have moved up, and one may have moved from a page that was not
// read yet to one that was.
var ErrShrunk = errors.New("the list has become shorter while it was read")

// ErrUncounted is the error of a list without a total, or with more items than it.
var ErrUncounted = errors.New("the list does not say how many items it has")

// ErrEndless is the error of a list that was not read to its end, since it seems to
// have none.
var ErrEndless = errors.New("the list goes on and on")

// IsUnproved reports whether err is that of a list which nothing proves to be whole.
func IsUnproved(err error) bool {
	return errors.Is(err, ErrShrunk) || errors.Is(err, ErrUncounted) || errors.Is(err, ErrEndless)
}

// Bounds on a list that may have no end.
const (
	maxPages   = 10_000 // of a list without a total: of a million users
	sparePages = 20     // more than twice the first total, for others who load meanwhile
)

// reading is how far a list has been read.
type reading struct {
	known         *idhash.Sample
	pages         int
	seen, repeats int // items, and those of them that had come before
	first, most   int // totals, -1 where there was none
	shrunk        bool
}

// add notes an answer and returns its items that have not come before.
func add[T object](r *reading, answer list[T]) (items []T) {
	r.pages++
	r.seen += len(answer.items)
	if r.first < 0 {
		r.first = answer.total
	}
	r.shrunk = r.shrunk || answer.total >= 0 && answer.total < r.most
	r.most = max(r.most, answer.total)
	for _, item := range answer.items {
		if _, isKnown := r.known.Add(item.id()); !isKnown {
			items = append(items, item)
		}
	}
	r.repeats += len(answer.items) - len(items)
	return items
}

// isEndless reports whether a list does not look as if it would end. size is that of
// its pages.
func (r *reading) isEndless(size int) bool {
	if r.most < 0 {
		return r.pages >= maxPages
	}
	return r.seen > 2*r.first+sparePages*size
}

// verdict returns nil where a list that has been read to its end is whole. What is
// made meanwhile in front of what was read moves the others back, so that as many
// come again.
func (r *reading) verdict() error {
	switch {
	case r.most < 0 || r.seen > r.most:
		return ErrUncounted
	case r.shrunk || r.seen < r.most || r.repeats > r.most-r.first:
		return ErrShrunk
	}
	return nil
}

// pages yields all items of a list. It ends with the total, where answers have
// one, and otherwise with an empty page: a server may grant smaller pages than were
// asked for. A page that brings nothing new ends it, too. An error is yielded once,
// at the end: one for which IsUnproved holds after all other items.
func pages[T object](ctx context.Context, c *Client, path string, size int, filter url.Values) iter.Seq2[T, error] {
	return pagesFrom[T](ctx, c, path, size, filter, nil)
}

// pagesFrom is pages for a caller who has the first page already, unless it is nil.
func pagesFrom[T object](
	ctx context.Context, c *Client, path string, size int, filter url.Values, first *list[T],
) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		var none T
		read := &reading{known: idhash.NewSample(), first: -1, most: -1}
		for page := 1; ; page++ {
			var answer list[T]
			query := pageQuery(page, size)
			maps.Copy(query, filter)
			if page == 1 && first != nil {
				answer = *first
			} else if err := c.get(ctx, path, query, &answer); err != nil {
				yield(none, err)
				return
			}
			items := add(read, answer)
			for _, item := range items {
				if !yield(item, nil) {
					return
				}
			}
			switch {
			case len(answer.items) > 0 && len(items) == 0, read.isEndless(size):
				yield(none, ErrEndless)
				return
			case len(items) == 0, read.seen == answer.total, answer.total < 0 && read.seen == read.most:
				if err := read.verdict(); err != nil {
					yield(none, err)
				}
				return
			}
		}
	}
}

func pageQuery(page, size int) url.Values {
	return url.Values{
		"page": {strconv.Itoa(page)}, "per_page": {strconv.Itoa(size)}, "include_total_count": {"true"},
	}
}

// count returns the total of a list, and whether the answer says it.
func count[T object](ctx context.Context, c *Client, path string, filter url.Values) (n int, known bool, err error) {
	var answer list[T]
	query := pageQuery(1, 1)
	maps.Copy(query, filter)
	err = c.get(ctx, path, query, &answer)
	return max(answer.total, 0), answer.total >= 0, err
}
