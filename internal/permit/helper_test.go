package permit_test

import (
	"iter"
	"net/http"
	"net/url"

	"a0permit/internal/httpapi"
	"a0permit/internal/httpapi/httpapitest"
	"a0permit/internal/permit"
	"a0permit/internal/permit/permittest"
)

const place = "/" + permittest.ProjectKey + "/" + permittest.EnvironmentKey

// newClient returns a client for which handler is Permit.
func newClient(handler http.Handler) *permit.Client {
	c := permit.New(httpapi.Config{
		Base: &url.URL{Scheme: "https", Host: "permit.example"}, Token: permittest.DefaultKey,
		Transport: httpapitest.Transport{Handler: handler},
	})
	c.In(permittest.ProjectKey, permittest.EnvironmentKey)
	return c
}

// collect returns the items of a list, and its error.
func collect[T any](list iter.Seq2[T, error]) (items []T, err error) {
	for item, fault := range list {
		if fault != nil {
			return items, fault
		}
		items = append(items, item)
	}
	return items, nil
}
