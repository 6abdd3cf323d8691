package auth0

import (
	"context"
	"fmt"
	"iter"
	"maps"
	"net/url"
	"strconv"
)

// pageSize is the largest page that can be asked for. A tenant may grant less
// (docs say 50 on the public cloud, answers say 100), so a short page is never
// taken for the last one.
const pageSize = 100

// pageQuery returns the query for a page by its number.
func pageQuery(page int) url.Values {
	return url.Values{
		"page": {strconv.Itoa(page)}, "per_page": {strconv.Itoa(pageSize)}, "include_totals": {"true"},
	}
}

// checkpoints yields the rows of path. It pages by from and take, which alone
// reach beyond the 1000th row (Auth0 docs, Management API pagination). A page
// without next is the last; the others may be short or empty, but a page without
// a list is an error. An error is yielded once, at the end.
func checkpoints[P, R any](
	ctx context.Context, c *Client, path string, fixed url.Values, of func(*P) (rows []R, next string),
) iter.Seq2[R, error] {
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
				yield(none, errNoList(path))
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

// errNoList returns the error of a page without a list, which is not the same as
// an empty list.
func errNoList(path string) error {
	return fmt.Errorf("GET %s: Auth0 answered without the list that was asked for", path)
}
