package permit_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"a0permit/internal/httpapi"
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

// The answer must be about the user with the key. If the key is another user's id,
// Permit answers with that user.
func TestUserThatIsAnother(t *testing.T) {
	t.Parallel()
	for body, isForeign := range map[string]bool{
		`{"key":"ann","id":"1"}`: false, `{"key":"bob","id":"ann"}`: false,
		`{"key":"bob","id":"1"}`: true, `{"key":"bob"}`: true, `{}`: true, `[]`: true,
	} {
		c := newClient(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte(body)) }))
		u, has, err := c.User(t.Context(), "ann")
		if httpapi.IsForeign(err) != isForeign || has != (u.Key == "ann") || has && isForeign {
			t.Errorf("%s: %+v, %v, %v", body, u, has, err)
		}
	}
}

// A field is written as null on request, and otherwise left out.
func TestNullFields(t *testing.T) {
	t.Parallel()
	s := permittest.New(permittest.Options{PutOmitted: permittest.Keep})
	s.Seed(permittest.State{Users: []permittest.User{
		{Key: "ann", Email: "ann@acme.example", FirstName: "Ann", LastName: "Lee"},
		{Key: "bob", Email: "bob@acme.example", FirstName: "Bob", LastName: "Lee"},
	}})
	c := newClient(s)
	err := c.PutUsers(t.Context(), []permit.User{{Key: "ann", FirstName: "<A>", Nulls: []string{"email"}}, {Key: "bob"}})
	if err == nil {
		err = c.PutUser(t.Context(), permit.User{Key: "bob", Nulls: []string{"first_name", "last_name"}})
	}
	if err != nil {
		t.Fatal(err)
	}
	want := []permittest.User{{Key: "ann", FirstName: "<A>", LastName: "Lee"}, {Key: "bob", Email: "bob@acme.example"}}
	if diff := cmp.Diff(want, s.State().Users); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}
