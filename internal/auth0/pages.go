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

// checkpoints yields the rows of path, page by page by from and take, which
// alone reaches past the 1000th (Auth0 docs, Management API pagination). The
// end is a missing next; a page before it may be short or empty, but a page
// without a list is none. An error is yielded once, last.
func checkpoints[P, R any](ctx context.Context, c *Client, path string, fixed url.Values, of func(*P) (rows []R, next string)) iter.Seq2[R, error] {
	return func(yield func(R, error) bool) {
		var none R
		query := url.Values{"take": {strconv.Itoa(pageSize)}}
		maps.Copy(query, fixed)
		seen := map[string]bool{}
		for {
			page := new(P)
			if err := c.get(ctx, path, query, page); err != nil {
				yield(none, err)
				return
			}
			rows, from := of(page)
			if rows == nil {
				yield(none, noList(path))
				return
			}
			for _, row := range rows {
				if !yield(row, nil) {
					return
				}
			}
			if from == "" {
				return
			}
			if seen[from] {
				yield(none, fmt.Errorf("GET %s: Auth0 answers with the same page again and again", path))
				return
			}
			seen[from] = true
			query.Set("from", from)
		}
	}
}

// noList is the error of a page that cannot be told from an empty one.
func noList(path string) error {
	return fmt.Errorf("GET %s: Auth0 answered without the list that was asked for", path)
}
