package permitload

import (
	"fmt"
	"net/http"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"

	"a0permit/internal/httpapi/httpapitest"
	"a0permit/internal/permit/permittest"
	"a0permit/internal/tool"
)

// A few users in a large environment are asked for by key.
func TestFewUsersAreAskedForByKey(t *testing.T) {
	t.Parallel()
	const n = 5000
	have := usersWithRoles(n)
	for _, o := range []permittest.Options{{DuplicateEmail: 409}, {DuplicateEmail: 409, UnknownFilter: 404}} {
		srv := permittest.New(o)
		srv.Seed(have)
		input := usersWithEmails("zoe=z")
		five := have.Users[4990:4995]
		input.Users = append(input.Users, five...)
		input.Users[1].FirstName = "Anne"
		input.Users[2].Email = "U000001@acme.example" // another user's email
		input.Assignments = roleAssignments(
			five[1].Key+" Admin default", five[3].Key+" Admin default", "zoe Editor default")
		got := run(t, srv, linesFor(input))
		wantExit(t, got, tool.Rejected,
			"users: 1 to add, 2 to change, 3 unchanged", "users: 1 added, 1 changed, 3 unchanged, 1 left over",
			tool.Thousands(n-5)+" users in Permit but not in the input")
		wantRejected(t, got, five[1].Key+" DUPLICATE_ENTITY")
		if reads := countCalls(srv, "GET"); reads > 25 {
			t.Errorf("%d reads", reads)
		}
	}
}

// New users hold no roles yet, so role assignments are not listed for them.
func TestNewUsersNeedNoListOfAssignments(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		srv := permittest.New(permittest.Options{Inline: apart})
		srv.Seed(usersWithRoles(6000))
		var input strings.Builder
		for i := range 100 {
			fmt.Fprintf(&input, `{"type":"user","key":"n%d","role_assignments":[{"role":"Admin"}]}`+"\n", i)
		}
		wantReport(t, load(t.Context(), srv, input.String()+endLine), tool.Done)
		if n := countCalls(srv, "GET F/role_assignments"); n > 0 {
			t.Errorf("%d lists of role assignments", n)
		}
	})
}

// A user who is deleted while the list is read pushes another out of sight, who must not
// be written as new. The total gives it away, unless somebody signs up meanwhile.
func TestUserDeletedWhileUsersAreListed(t *testing.T) {
	t.Parallel()
	for _, signedUp := range []bool{false, true} {
		have, input := bareUsers(250)
		for i := range have.Users {
			have.Users[i].Attributes = map[string]any{"theme": "dark"}
		}
		var srv *permittest.Server
		deleted := false
		srv = permittest.New(permittest.Options{Faults: func(r *http.Request) httpapitest.Fault {
			if !deleted && strings.HasSuffix(r.URL.Path, "/users") && r.URL.Query().Get("page") == "2" {
				deleted = true
				deleteInPermit(t, srv, factsPath+"/users/zoe")
				if signedUp {
					srv.Seed(permittest.State{Users: []permittest.User{{Key: "zz"}}})
				}
			}
			return httpapitest.Fault{}
		}})
		srv.Seed(permittest.State{Users: []permittest.User{{Key: "zoe"}}})
		srv.Seed(have)
		wantExit(t, run(t, srv, input), tool.Done, "users: 250 unchanged")
		if n := countWrites(srv); n > 1 { // the deletion
			t.Errorf("%d writes", n)
		}
	}
}

// A page that cannot be read is not the end of the list: users on later pages would be
// overwritten.
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
			wantReport(t, got, tool.Stopped)
			if got.stdout != "" || countWrites(srv) > 0 {
				t.Errorf("%d writes, stdout %.200q", countWrites(srv), got.stdout)
			}
		})
	}
}

// --extra writes users that the input lacks, as input for another run.
func TestExtraUsersCanBeFedAgain(t *testing.T) {
	t.Parallel()
	srv := permittest.New(permittest.Options{})
	srv.Seed(usersWithEmails("ann=a bob=b zoe=z"))
	file := filepath.Join(t.TempDir(), "extra.jsonl")
	input := linesFor(usersWithEmails("bob=b"))
	wantExit(t, run(t, srv, input, "--dry-run", "--extra", file), tool.Done, "2 users in Permit but not in the input")
	extra := readFile(t, file)
	for _, key := range []string{"ann", "zoe"} {
		if !strings.Contains(extra, `"key":"`+key+`"`) {
			t.Errorf("%s is not in %s", key, extra)
		}
	}
	wantExit(t, run(t, srv, extra, "--dry-run", "--require-end"), tool.Done,
		"users: 0 to add, 0 to change, 2 unchanged", "1 user in Permit but not")
}

// --extra is written even if the input has no users.
func TestExtraIsWrittenForInputWithoutUsers(t *testing.T) {
	t.Parallel()
	srv := permittest.New(permittest.Options{})
	srv.Seed(usersWithEmails("ann=a bob=b"))
	file := filepath.Join(t.TempDir(), "extra.jsonl")
	wantExit(t, run(t, srv, endLine, "--extra", file), tool.Done, "2 users in Permit but not in the input")
	if extra := readFile(t, file); strings.Count(extra, "\n") != 3 {
		t.Errorf("%s", extra)
	}
}

// A user whose line is refused is in the input all the same, so --extra leaves it out:
// whoever removes what --extra has would delete a user of Auth0.
func TestExtraLeavesOutUsersWhoseLinesAreRefused(t *testing.T) {
	t.Parallel()
	srv := permittest.New(permittest.Options{})
	srv.Seed(permittest.State{Users: []permittest.User{{Key: "ann"}, {Key: "bob"}, {Key: "zoe"}}})
	file := filepath.Join(t.TempDir(), "extra.jsonl")
	input := lines(`{"type":"user","key":"ann","email":"nope"}`, `{"type":"user","key":"bob"}`) + endLine
	wantExit(t, run(t, srv, input, "--extra", file), tool.Rejected, "1 user in Permit but not in the input: left as is")
	if text := readFile(t, file); strings.Contains(text, "ann") || !strings.Contains(text, "zoe") {
		t.Errorf("--extra has\n%s", text)
	}
}
