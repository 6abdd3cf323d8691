package auth0

import (
	"context"
	"fmt"
	"iter"
	"maps"
	"net/url"
	"strconv"
)

// pageSize is the most that a page may be asked for. A tenant may grant less
// (docs say 50 on the public cloud, answers say 100), so nothing here takes a
// short page for the last one.
const pageSize = 100

// numbered is the query for a page by number.
func numbered(page int) url.Values {
	return url.Values{
		"page": {strconv.Itoa(page)}, "per_page": {strconv.Itoa(pageSize)}, "include_totals": {"true"},
	}
}

// checkpoints yields the pages of path by from and take, which alone reaches
// past the 1000th result (Auth0 docs, Management API pagination). The end is a
// missing next; a page before it may be short or empty. An error is yielded
// once, last.
func checkpoints[P any](ctx context.Context, c *Client, path string, fixed url.Values, next func(*P) string) iter.Seq2[*P, error] {
	return func(yield func(*P, error) bool) {
		query := url.Values{"take": {strconv.Itoa(pageSize)}}
		maps.Copy(query, fixed)
		seen := map[string]bool{}
		for {
			page := new(P)
			if err := c.get(ctx, path, query, page); err != nil {
				yield(nil, err)
				return
			}
			if !yield(page, nil) {
				return
			}
			from := next(page)
			if from == "" {
				return
			}
			if seen[from] {
				yield(nil, fmt.Errorf("GET %s: Auth0 answers with the same page again and again", path))
				return
			}
			seen[from] = true
			query.Set("from", from)
		}
	}
}

// rows yields what is on pages, one by one.
func rows[P, R any](pages iter.Seq2[*P, error], of func(*P) []R) iter.Seq2[R, error] {
	return func(yield func(R, error) bool) {
		for page, err := range pages {
			if err != nil {
				var none R
				yield(none, err)
				return
			}
			for _, row := range of(page) {
				if !yield(row, nil) {
					return
				}
			}
		}
	}
}
