package permitload

import (
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/google/go-cmp/cmp"

	"a0permit/internal/httpapi/httpapitest"
	"a0permit/internal/permit/permittest"
	"a0permit/internal/tool"
)

// A few users in a large environment are asked for by key.
func TestFewUsersAreAskedForByKey(t *testing.T) {
	t.Parallel()
	const n = 5000
	have := usersWithRoles(n)
	for _, o := range []permittest.Options{{}, {UnknownFilter: 404}} {
		srv := permittest.New(o)
		srv.Seed(have)
		input := usersWithEmails("zoe=z")
		input.Users = append(input.Users, have.Users[4990:4995]...)
		input.Users[1].FirstName = "Anne"
		input.Users[2].Email = "U000001@acme.example" // another's
		input.Assignments = []permittest.Assignment{
			{User: have.Users[4991].Key, Role: "Admin", Tenant: "default"}, {User: have.Users[4993].Key, Role: "Admin", Tenant: "default"}, {User: "zoe", Role: "Editor", Tenant: "default"},
		}
		got := run(t, srv, linesFor(input))
		wantExit(t, got, tool.Rejected, "+ 1 user  ~ 1  = 3", "users: 6 in = 2 loaded + 3 unchanged + 1 not loaded", tool.Thousands(n-5)+" users in Permit but not in the input")
		if diff := cmp.Diff([]string{have.Users[4991].Key + " duplicate_email"}, rejectedCodes(t, got.out)); diff != "" {
			t.Errorf("stdout (-want +got):\n%s", diff)
		}
		if reads := countCalls(srv, "GET"); reads > 25 {
			t.Errorf("%d reads", reads)
		}
	}
}

// New users in a large environment: nobody asks who holds what.
func TestNewUsersNeedNoListOfAssignments(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		srv := permittest.New(permittest.Options{})
		srv.Seed(usersWithRoles(6000))
		var input strings.Builder
		for i := range 100 {
			fmt.Fprintf(&input, `{"type":"user","key":"n%d","role_assignments":[{"role":"Admin"}]}`+"\n", i)
		}
		wantCode(t, load(t.Context(), srv, input.String()+endLine), tool.Done)
		if n := countCalls(srv, "GET F/role_assignments"); n > 0 {
			t.Errorf("%d lists of role assignments", n)
		}
	})
}

// Users who are deleted while the list is read hide nobody who would then be
// written as new: whether the total tells or a new user makes up for it.
func TestUserDeletedWhileUsersAreListed(t *testing.T) {
	t.Parallel()
	for _, signedUp := range []bool{false, true} {
		have, input := bareUsers(250)
		for i := range have.Users {
			have.Users[i].Attributes = map[string]any{"theme": "dark"}
		}
		var srv *permittest.Server
		met := false
		srv = permittest.New(permittest.Options{Faults: func(r *http.Request) httpapitest.Fault {
			if !met && strings.HasSuffix(r.URL.Path, "/users") && r.URL.Query().Get("page") == "2" {
				met = true
				deleteInPermit(t, srv, factsPath+"/users/zoe")
				if signedUp {
					srv.Seed(permittest.State{Users: []permittest.User{{Key: "zz"}}})
				}
			}
			return httpapitest.Fault{}
		}})
		srv.Seed(permittest.State{Users: []permittest.User{{Key: "zoe"}}})
		srv.Seed(have)
		wantExit(t, run(t, srv, input), tool.Done, "users: 250 in = 0 loaded + 250 unchanged")
		if n := countWrites(srv); n > 1 { // the deletion
			t.Errorf("%d writes", n)
		}
	}
}

// A page that cannot be had is no end of the list: what is not known to be
// there would be written over.
func TestBrokenListStopsTheLoad(t *testing.T) {
	t.Parallel()
	for _, status := range []int{403, 404, 422} {
		synctest.Test(t, func(t *testing.T) {
			srv := permittest.New(permittest.Options{Faults: func(r *http.Request) httpapitest.Fault {
				if r.URL.Query().Get("page") == "2" {
					return httpapitest.Fault{Status: status}
				}
				return httpapitest.Fault{}
			}})
			want, input := bareUsers(150)
			srv.Seed(want)
			got := load(t.Context(), srv, input)
			wantCode(t, got, tool.Stopped)
			if got.out != "" || countWrites(srv) > 0 {
				t.Errorf("%d writes, stdout %.200q", countWrites(srv), got.out)
			}
		})
	}
}

// Users whom the input lacks are written so that they can be fed again.
func TestExtraUsersCanBeFedAgain(t *testing.T) {
	t.Parallel()
	srv := permittest.New(permittest.Options{})
	srv.Seed(usersWithEmails("ann=a bob=b zoe=z"))
	path := filepath.Join(t.TempDir(), "extra.jsonl")
	wantExit(t, run(t, srv, linesFor(usersWithEmails("bob=b")), "--dry-run", "--extra", path), tool.Done, "2 users in Permit but not in the input")
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for _, key := range []string{"ann", "zoe"} {
		if !strings.Contains(string(text), `"key":"`+key+`"`) {
			t.Errorf("%s is not in %s", key, text)
		}
	}
	wantExit(t, run(t, srv, string(text), "--dry-run", "--require-end"), tool.Done, "+ 0 users  ~ 0  = 2", "1 user in Permit but not")
}

// --extra is written whatever the input holds.
func TestExtraIsWrittenForInputWithoutUsers(t *testing.T) {
	t.Parallel()
	srv := permittest.New(permittest.Options{})
	srv.Seed(usersWithEmails("ann=a bob=b"))
	path := filepath.Join(t.TempDir(), "extra.jsonl")
	wantExit(t, run(t, srv, endLine, "--extra", path), tool.Done, "2 users in Permit but not in the input")
	if text, err := os.ReadFile(path); err != nil || strings.Count(string(text), "\n") != 3 {
		t.Errorf("%s, %v", text, err)
	}
}
