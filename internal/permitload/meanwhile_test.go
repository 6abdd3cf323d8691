package permitload

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/google/go-cmp/cmp"

	"a0permit/internal/httpapi/httpapitest"
	"a0permit/internal/permit/permittest"
	"a0permit/internal/tool"
)

// What somebody else has made since the look is left out of a second call; it
// is no reason to halve.
func TestSomeAreThereMeanwhile(t *testing.T) {
	t.Parallel()
	for _, call := range []string{"POST F/bulk/tenants", "POST F/role_assignments/bulk"} {
		synctest.Test(t, func(t *testing.T) {
			want := crowd(40)
			var theirs permittest.State
			for i := range 60 {
				key := fmt.Sprintf("org_%02d", i)
				want.Tenants = append(want.Tenants, permittest.Tenant{Key: key, Name: key})
			}
			theirs.Tenants = want.Tenants[30:31]
			if call != "POST F/bulk/tenants" {
				theirs = permittest.State{Assignments: want.Assignments[30:33]}
			}
			var srv *permittest.Server
			srv = permittest.New(permittest.Options{Faults: when(call, func() { srv.Seed(theirs) })})
			input := records(want)
			wantLoaded(t, srv, input, want)
			if n := bulkCalls(srv); n != 4 || writes(srv) != 4+3 {
				t.Errorf("%s: %d bulk calls and %d writes, want one more than 3, and 3 for roles", call, n, writes(srv))
			}
		})
	}
}

// Refusals count as alike in a row only: half of a batch may be bad.
func TestEverySecondIsRefused(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		srv := permittest.New(permittest.Options{Faults: func(r *http.Request) httpapitest.Fault {
			path := r.URL.Path
			if r.Method == http.MethodPut && (strings.HasSuffix(path, "/bulk/users") || strings.ContainsAny(path[len(path)-1:], "13579")) {
				return httpapitest.Fault{Status: 409, Body: `{"error_code":"DUPLICATE_ENTITY"}`}
			}
			return httpapitest.Fault{}
		}})
		_, input := plain(50)
		got := bring(t.Context(), srv, input)
		wantCode(t, got, tool.Rejected)
		if n, left := len(srv.State().Users), len(leftLines(t, got.out)); n != 25 || left != 25 {
			t.Errorf("%d users, and %d lines left", n, left)
		}
	})
}

// What the line does not name is sent along as it is, digit for digit.
func TestUpdateKeepsWhatTheLineDoesNotName(t *testing.T) {
	t.Parallel()
	srv := permittest.New(permittest.Options{})
	srv.Seed(permittest.State{Users: []permittest.User{{
		Key: "auth0|ann", Email: "Ann@acme.example", FirstName: "Anna", LastName: "Lee",
		Attributes: map[string]any{"n": json.Number("12345678901234567890.10"), "html": "<a&b>", "list": []any{1.0, nil}},
	}}})
	wantRun(t, run(t, srv, ann+end), tool.Done, "+ 0 users  ~ 1  = 0")
	want := []permittest.User{{
		Key: "auth0|ann", Email: "Ann@acme.example", FirstName: "Ann", LastName: "Lee",
		Attributes: map[string]any{"n": json.Number("12345678901234567890.10"), "html": "<a&b>", "list": []any{1.0, nil}},
	}}
	if diff := cmp.Diff(want, srv.State().Users); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}
