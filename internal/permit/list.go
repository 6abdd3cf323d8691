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

// The most items that a call can ask for in one page (OpenAPI: per_page).
const (
	PageSize            = 100
	AssignmentsPageSize = 1000
)

// ignoreUnproved yields a list without the errors of IsUnproved. It is for lists where
// a missing item does no harm: writing the item shows that it exists.
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
	// id returns what identifies the object in its list. An answer without it is not
	// such an object.
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
	total int // -1 if the answer does not say
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

// ErrShrunk means that a list lost an item while it was read. Later items then moved
// up, and one may have moved from an unread page to a page already read.
var ErrShrunk = errors.New("the list has become shorter while it was read")

// ErrUncounted means that a list has no total, or more items than its total.
var ErrUncounted = errors.New("the list does not say how many items it has")

// ErrEndless means that a list was not read to its end, because it seems to have none.
var ErrEndless = errors.New("the list does not end")

// IsUnproved reports whether err means that a list may be incomplete.
func IsUnproved(err error) bool {
	return errors.Is(err, ErrShrunk) || errors.Is(err, ErrUncounted) || errors.Is(err, ErrEndless)
}

// Bounds on lists that may have no end.
const (
	maxPages   = 10_000 // for a list without a total: a million users
	sparePages = 20     // beyond twice the first total, for what others load meanwhile
)

// progress says how far a list has been read.
type progress struct {
	known         *idhash.Sample
	pages         int
	seen, repeats int // items so far, and the repeats among them
	first, most   int // first and largest total; -1 if no answer gave one
	shrunk        bool
}

// add records an answer, and returns those of its items that are new.
func add[T object](p *progress, answer list[T]) (items []T) {
	p.pages++
	p.seen += len(answer.items)
	if p.first < 0 {
		p.first = answer.total
	}
	p.shrunk = p.shrunk || answer.total >= 0 && answer.total < p.most
	p.most = max(p.most, answer.total)
	for _, item := range answer.items {
		if _, isKnown := p.known.Add(item.id()); !isKnown {
			items = append(items, item)
		}
	}
	p.repeats += len(answer.items) - len(items)
	return items
}

// isEndless reports whether a list seems to have no end. size is its page size.
func (p *progress) isEndless(size int) bool {
	if p.most < 0 {
		return p.pages >= maxPages
	}
	return p.seen > 2*p.first+sparePages*size
}

// checkComplete returns nil if a list that was read to its end is complete, and
// otherwise ErrUncounted or ErrShrunk. Each item that is created before the items
// already read moves those back, so that one item is repeated.
func (p *progress) checkComplete() error {
	switch {
	case p.most < 0 || p.seen > p.most:
		return ErrUncounted
	case p.shrunk || p.seen < p.most || p.repeats > p.most-p.first:
		return ErrShrunk
	}
	return nil
}

// pages yields all items of a list. It ends when it has as many as the total says, or
// at an empty page if there is no total: a server may return smaller pages than asked
// for. A page with nothing new also ends it. An error is yielded once, at the end; one
// of IsUnproved comes after all other items.
func pages[T object](ctx context.Context, c *Client, path string, size int, filter url.Values) iter.Seq2[T, error] {
	return pagesFrom[T](ctx, c, path, size, filter, nil)
}

// pagesFrom is like pages, but does not request the first page if the caller has it.
func pagesFrom[T object](
	ctx context.Context, c *Client, path string, size int, filter url.Values, first *list[T],
) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		var none T
		read := &progress{known: idhash.NewSample(), first: -1, most: -1}
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
				if err := read.checkComplete(); err != nil {
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

// count returns the total of a list. known is false if the answer does not give it.
func count[T object](ctx context.Context, c *Client, path string, filter url.Values) (n int, known bool, err error) {
	var answer list[T]
	query := pageQuery(1, 1)
	maps.Copy(query, filter)
	err = c.get(ctx, path, query, &answer)
	return max(answer.total, 0), answer.total >= 0, err
}
