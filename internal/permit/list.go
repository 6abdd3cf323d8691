package permit

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"iter"
	"maps"
	"net/url"
	"strconv"
)

// The most items that a page can be asked for (OpenAPI: per_page).
const (
	PageSize            = 100
	AssignmentsPageSize = 1000
)

// ignoreShrunk yields a list without ErrShrunk. It is for lists where a missing
// item does no harm: writing the item shows that it exists.
func ignoreShrunk[T any](list iter.Seq2[T, error]) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		for item, err := range list {
			if errors.Is(err, ErrShrunk) || errors.Is(err, ErrUncounted) || !yield(item, err) {
				return
			}
		}
	}
}

// list is one page of a list. Permit answers with a bare array or with an
// envelope, depending on the endpoint and its parameters.
type list[T any] struct {
	items []T
	total int // -1 when the answer does not say
}

func (l *list[T]) UnmarshalJSON(data []byte) error {
	if bytes.HasPrefix(bytes.TrimSpace(data), []byte("[")) {
		l.total = -1
		return json.Unmarshal(data, &l.items)
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
	l.items, l.total = *envelope.Data, -1
	if envelope.Total != nil && *envelope.Total >= 0 {
		l.total = *envelope.Total
	}
	return nil
}

// ErrShrunk is the error of a list that lost an item while it was read. The
// items behind it have moved up, and one may have moved from a page that was not
// read yet to one that was.
var ErrShrunk = errors.New("the list has become shorter while it was read")

// ErrUncounted is the error of a list without a total.
var ErrUncounted = errors.New("the list does not say how many items it has")

// pages yields all items of a list. It ends with the total, where answers have
// one, and otherwise with a page that is not full. An error is yielded once, at
// the end: ErrShrunk after all other items.
func pages[T any](ctx context.Context, c *Client, path string, size int, filter url.Values) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		var none T
		seen, most, shrunk := 0, -1, false
		for page := 1; ; page++ {
			var answer list[T]
			query := url.Values{
				"page": {strconv.Itoa(page)}, "per_page": {strconv.Itoa(size)}, "include_total_count": {"true"},
			}
			maps.Copy(query, filter)
			if err := c.get(ctx, path, query, &answer); err != nil {
				yield(none, err)
				return
			}
			shrunk = shrunk || answer.total >= 0 && answer.total < most
			most = max(most, answer.total)
			for _, item := range answer.items {
				if !yield(item, nil) {
					return
				}
			}
			seen += len(answer.items)
			// More items than the total are as good as no total.
			if len(answer.items) == 0 || seen == answer.total || seen > answer.total && len(answer.items) < size {
				switch {
				case most < 0 || seen > most:
					yield(none, ErrUncounted)
				case shrunk || seen < most:
					yield(none, ErrShrunk)
				}
				return
			}
		}
	}
}
