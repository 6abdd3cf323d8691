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

// Most items that a page may be asked for (OpenAPI: per_page).
const (
	pageSize            = 100
	assignmentsPageSize = 1000
)

// list is a page: Permit answers some lists as a bare array and some as an
// envelope, depending on the endpoint and its parameters.
type list[T any] struct {
	items []T
	total int // -1 when the answer does not say
}

func (l *list[T]) UnmarshalJSON(data []byte) error {
	l.total = -1
	if bytes.HasPrefix(bytes.TrimSpace(data), []byte("[")) {
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
	l.items = *envelope.Data
	if envelope.Total != nil {
		l.total = *envelope.Total
	}
	return nil
}

// pages yields all items of a list. The end is the total, where the answer
// says one, else a page that is not full. An error is yielded once, last.
func pages[T any](ctx context.Context, c *Client, path string, size int, filter url.Values) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		var none T
		seen := 0
		for page := 1; ; page++ {
			var answer list[T]
			query := url.Values{"page": {strconv.Itoa(page)}, "per_page": {strconv.Itoa(size)}}
			maps.Copy(query, filter)
			if err := c.get(ctx, path, query, &answer); err != nil {
				yield(none, err)
				return
			}
			for _, item := range answer.items {
				if !yield(item, nil) {
					return
				}
			}
			seen += len(answer.items)
			switch {
			case len(answer.items) == 0:
				return
			case answer.total >= 0 && seen >= answer.total:
				return
			case answer.total < 0 && len(answer.items) < size:
				return
			}
		}
	}
}
