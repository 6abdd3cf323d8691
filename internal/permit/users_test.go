package permit_test

import (
	"net/http"
	"strings"
	"testing"

	"a0permit/internal/httpapi/httpapitest"
	"a0permit/internal/permit"
	"a0permit/internal/permit/permittest"
)

func TestHasUser(t *testing.T) {
	t.Parallel()
	s := permittest.New(permittest.Options{Faults: func(r *http.Request) httpapitest.Fault {
		if strings.HasSuffix(r.URL.Path, "forbidden") {
			return httpapitest.Fault{Status: http.StatusForbidden, Body: `{"detail":"no"}`}
		}
		return httpapitest.Fault{}
	}})
	s.Seed(permittest.State{Users: []permittest.User{{Key: "ann"}}})
	c := newClient(s)
	for key, want := range map[string]bool{"ann": true, "bob": false} {
		if got, err := c.HasUser(t.Context(), key); got != want || err != nil {
			t.Errorf("HasUser(%s) = %v, %v", key, got, err)
		}
	}
	if got, err := c.HasUser(t.Context(), "forbidden"); got || permit.Status(err) != http.StatusForbidden {
		t.Errorf("HasUser(forbidden) = %v, %v", got, err)
	}
}
