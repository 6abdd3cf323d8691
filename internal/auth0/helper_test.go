package auth0_test

import (
	"fmt"
	"io"
	"iter"
	"net/http"
	"net/url"

	"a0permit/internal/auth0"
	"a0permit/internal/auth0/auth0test"
	"a0permit/internal/httpapi"
	"a0permit/internal/httpapi/httpapitest"
)

// newClient returns a client that calls handler instead of Auth0.
func newClient(handler http.Handler) *auth0.Client {
	return auth0.New(httpapi.Config{
		Base: &url.URL{Scheme: "https", Host: "acme.example"}, Token: auth0test.DefaultToken,
		Transport: httpapitest.Transport{Handler: handler},
	})
}

// answerInTurn returns a handler that answers each call with the next body. It panics
// if there are more calls than bodies.
func answerInTurn(bodies ...string) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		if len(bodies) == 0 {
			panic("one call too many")
		}
		_, _ = io.WriteString(w, bodies[0])
		bodies = bodies[1:]
	})
}

// collect returns the rows that a list yields before its error, and that error.
func collect[T any](list iter.Seq2[T, error]) (items []T, err error) {
	for item, fault := range list {
		if fault != nil {
			return items, fault
		}
		items = append(items, item)
	}
	return items, nil
}

// userIDs returns n user ids.
func userIDs(n int) []string {
	var ids []string
	for i := range n {
		ids = append(ids, fmt.Sprintf("auth0|%d", i))
	}
	return ids
}
