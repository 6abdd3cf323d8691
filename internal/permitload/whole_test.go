package permitload

import (
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"a0permit/internal/httpapi/httpapitest"
	"a0permit/internal/permit"
	"a0permit/internal/permit/permittest"
	"a0permit/internal/tool"
)

// shortLists are pages of a list of 150 items that lacks some, from the first page on,
// repeated from the start. "" is the correct answer.
var shortLists = map[string][]string{
	"empty, of a stated 150":   {`{"data":[],"total_count":150}`},
	"empty, without a total":   {`{"data":[]}`},
	"empty, and bare":          {`[]`},
	"the second page is empty": {"", `{"data":[],"total_count":150}`},
	"the second page says 100": {"", `{"data":[],"total_count":100}`},
	"the second page is bare":  {"", `[]`},
	"one item, of a stated 150": {
		`{"data":[{"key":"zoe","user":"zoe","role":"Admin"}],"total_count":150}`, `{"data":[],"total_count":150}`,
	},
}

// answerList returns faults for a server that answers a list with these pages.
func answerList(call string, pages []string) func(*http.Request) httpapitest.Fault {
	return func(r *http.Request) httpapitest.Fault {
		if shortRequest(r) != call {
			return httpapitest.Fault{}
		}
		page := 0
		if _, err := fmt.Sscan(r.URL.Query().Get("page"), &page); err != nil || page > len(pages) {
			page = len(pages)
		}
		if body := pages[page-1]; body != "" {
			return httpapitest.Fault{Status: http.StatusOK, Body: body}
		}
		return httpapitest.Fault{}
	}
}

// If the list of users did not prove to be complete, users that it lacks are asked for.
// They are not written as new, without what others have added to them.
func TestShortListOfUsersCostsNobodyAnything(t *testing.T) {
	t.Parallel()
	for name, pages := range shortLists {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				have, _ := bareUsers(150)
				for i := range have.Users {
					have.Users[i].Attributes = map[string]any{"theme": "dark"}
				}
				srv := permittest.New(permittest.Options{Faults: answerList("GET F/users", pages)})
				srv.Seed(have)
				want, input := bareUsers(160)
				for i := range want.Users[:150] {
					want.Users[i].Attributes = map[string]any{"theme": "dark"}
				}
				got := load(t.Context(), srv, input)
				wantReport(t, got, tool.Done,
					"users: 10 added, 150 unchanged")
				wantState(t, srv, want)
				const says = "160 users are looked up one by one"
				if !strings.HasPrefix(name, "the second page") != strings.Contains(got.stderr, says) {
					t.Errorf("whether stderr says %q: %s", says, got.stderr)
				}
			})
		})
	}
}

// listsThatLie are lists of 250 users that are consistent, although users are missing.
func listsThatLie(have []permittest.User) map[string]string {
	var first []string
	for _, u := range have[:permit.PageSize] {
		first = append(first, fmt.Sprintf(`{"key":%q,"email":%q,"attributes":{"theme":"dark"}}`, u.Key, u.Email))
	}
	page := strings.Join(first, ",")
	return map[string]string{
		"empty, of a stated 0":      `{"data":[],"total_count":0}`,
		"one page, again and again": `{"data":[` + page + `],"total_count":300}`,
		"one page, of a stated 100": `{"data":[` + page + `],"total_count":100}`,
	}
}

// A list may look complete and not be. Some of the users that it lacks are asked for, and
// if Permit has one of them, all are. Nobody is overwritten, and --extra gets no file.
func TestListThatOnlySaysItIsWhole(t *testing.T) {
	t.Parallel()
	have, input := bareUsers(250)
	for i := range have.Users {
		have.Users[i].Attributes = map[string]any{"theme": "dark"}
	}
	for name, body := range listsThatLie(have.Users) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			srv := permittest.New(permittest.Options{Faults: answerList("GET F/users", []string{body})})
			srv.Seed(have)
			got := run(t, srv, input)
			wantExit(t, got, tool.Done, "users: 250 unchanged",
				"users are looked up one by one")
			wantState(t, srv, have)
			extra := filepath.Join(t.TempDir(), "extra.jsonl")
			wantExit(t, run(t, srv, input, "--extra", extra), tool.Stopped, "the users that the input lacks are not known")
			if _, err := os.Stat(extra); !errors.Is(err, fs.ErrNotExist) {
				t.Errorf("--extra: %v", err)
			}
		})
	}
}

// An answer about another user does not mean that the user is missing.
func TestAnswerAboutAnotherUserIsNoAbsence(t *testing.T) {
	t.Parallel()
	srv := permittest.New(permittest.Options{Flaws: func(r *http.Request) permittest.Flaw {
		switch call := shortRequest(r); {
		case call == "GET F/users":
			return permittest.EmptyList
		case strings.HasPrefix(call, "GET F/users/"):
			return permittest.OtherKey
		}
		return ""
	}})
	have, input := bareUsers(150)
	have.Users[7].Attributes = map[string]any{"theme": "dark"}
	srv.Seed(have)
	wantExit(t, run(t, srv, input), tool.Stopped, "it is about another record")
	wantState(t, srv, have)
}

// These are answers to the first call for users, with wrong counts.
var wrongCounts = map[string]string{
	"none":           `[{"key":"u000000"}]`,
	"0":              `{"data":[],"total_count":0}`,
	"fewer":          `{"data":[{"key":"u000000"}],"total_count":3}`,
	"far too many":   `{"data":[{"key":"u000000"}],"total_count":1000000}`,
	"a few too many": `{"data":[{"key":"u000000"}],"total_count":151}`,
}

// The number of users decides how they are looked up and how many may be deleted. A wrong
// number changes neither what is loaded nor what may be deleted.
func TestWrongCountOfUsersChangesNothing(t *testing.T) {
	t.Parallel()
	for name, count := range wrongCounts {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			options := permittest.Options{Faults: func(r *http.Request) httpapitest.Fault {
				if q := r.URL.Query(); shortRequest(r) == "GET F/users" && q.Get("per_page") == "1" && q.Get("page") == "1" {
					return httpapitest.Fault{Status: http.StatusOK, Body: count}
				}
				return httpapitest.Fault{}
			}}
			srv := permittest.New(options)
			have, _ := bareUsers(150)
			srv.Seed(have)
			want, input := bareUsers(160)
			wantExit(t, run(t, srv, input), tool.Done, "users: 10 added, 150 unchanged")
			wantState(t, srv, want)
			_, input = bareUsers(10)
			wantExit(t, run(t, srv, input), tool.Done, "150 users in Permit but not in the input")
			got := run(t, srv, input, "remove", "--yes")
			wantExit(t, got, tool.Stopped, "to delete 10 users with 0 role assignments is 6.2% of the 160 in scope")
			wantState(t, srv, want)
		})
	}
}

// If the list of role assignments is incomplete, users are not deleted, since nobody
// could give back their roles.
func TestShortListOfAssignmentsStopsTheRemoval(t *testing.T) {
	t.Parallel()
	for name, pages := range shortLists {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			srv := permittest.New(permittest.Options{Faults: answerList("GET F/role_assignments", pages)})
			srv.Seed(heldRoles(1050))
			before := srv.State()
			undo := filepath.Join(t.TempDir(), "undo.jsonl")
			input := lines(`{"type":"user","key":"ann"}`) + endLine
			got := run(t, srv, input, "remove", "--yes", "--remove-limit", "100", "--undo", undo)
			wantExit(t, got, tool.Stopped, "the list of role assignments in Permit is incomplete")
			wantState(t, srv, before)
			if countWrites(srv) > 0 || got.stdout != "" {
				t.Errorf("%d writes, stdout %q", countWrites(srv), got.stdout)
			}
			if _, err := os.Stat(undo); !errors.Is(err, fs.ErrNotExist) {
				t.Errorf("--undo: %v", err)
			}
		})
	}
}

// With --roles replace, nobody keeps a role because a list lacks it. The run stops.
func TestShortListOfAssignmentsStopsTheReplacing(t *testing.T) {
	t.Parallel()
	for name, pages := range shortLists {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				srv := permittest.New(permittest.Options{Faults: answerList("GET F/role_assignments", pages)})
				srv.Seed(heldRoles(1050))
				time.Sleep(time.Hour)
				before := srv.State()
				input := lines(`{"type":"role","key":"Admin"}`, `{"type":"user","key":"ann","role_assignments":[`+
					`{"role":"Admin","tenant":"t0001"}]}`) + fewTenantLines + endLineAt(time.Now())
				wantReport(t, load(t.Context(), srv, input, replaceRoles), tool.Stopped)
				wantState(t, srv, before)
				if countWrites(srv) > 0 {
					t.Errorf("%d writes", countWrites(srv))
				}
			})
		})
	}
}

// heldRoles returns a state in which ann holds n role assignments.
func heldRoles(n int) permittest.State {
	s := usersWithEmails("ann=a bob=b")
	s.Roles = threeRoles()
	for i := range n {
		tenant := fmt.Sprintf("t%04d", i)
		s.Tenants = append(s.Tenants, permittest.Tenant{Key: tenant, Name: tenant})
		s.Assignments = append(s.Assignments, roleAssignments("ann Admin "+tenant)...)
	}
	return s
}

const fewTenantLines = `{"type":"tenant","key":"t0000"}` + "\n" + `{"type":"tenant","key":"t0001"}` + "\n"

// A list that lost items once is read again.
func TestListThatLostItemsOnceIsReadAgain(t *testing.T) {
	t.Parallel()
	for _, call := range []string{"GET F/users", "GET F/role_assignments"} {
		synctest.Test(t, func(t *testing.T) {
			lost := httpapitest.Fault{Status: http.StatusOK, Body: `{"data":[],"total_count":150}`}
			srv := permittest.New(permittest.Options{Faults: faultOn(call, lost, 2, 3)})
			have := threeUsers("ann admin default", "ann viewer default", "bob admin default")
			srv.Seed(have)
			have.Users, have.Assignments = have.Users[1:], have.Assignments[2:]
			wantReport(t, removeUsers(t.Context(), srv, annWithoutRoles+endLine), tool.Done,
				"users: 1 deleted", "2 role assignments taken away")
			wantState(t, srv, have)
		})
	}
}

// --extra says who may go, so its file gets its name only if the list of users proved to
// be complete. Otherwise no file is left behind, and nothing is written.
func TestExtraNeedsAWholeList(t *testing.T) {
	t.Parallel()
	for name, pages := range shortLists {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			srv := permittest.New(permittest.Options{Faults: answerList("GET F/users", pages)})
			have, input := bareUsers(150)
			srv.Seed(have)
			dir := t.TempDir()
			got := run(t, srv, input, "--extra", filepath.Join(dir, "extra.jsonl"))
			wantExit(t, got, tool.Stopped, "the users that the input lacks are not known")
			if files, err := os.ReadDir(dir); len(files) > 0 || err != nil || countWrites(srv) > 0 {
				t.Errorf("%v, %v, %d writes", files, err, countWrites(srv))
			}
		})
	}
}

// For --extra, a list that lost one user is read again, although asking for the user by
// key would be cheaper: others may be missing.
func TestExtraReadsAShrunkListAgain(t *testing.T) {
	t.Parallel()
	deleted := false
	var srv *permittest.Server
	srv = permittest.New(permittest.Options{Faults: func(r *http.Request) httpapitest.Fault {
		if !deleted && shortRequest(r) == "GET F/users" && r.URL.Query().Get("page") == "2" {
			deleted = true
			deleteInPermit(t, srv, factsPath+"/users/u000000")
		}
		return httpapitest.Fault{}
	}})
	have, _ := bareUsers(150)
	srv.Seed(have)
	_, input := bareUsers(100)
	file := filepath.Join(t.TempDir(), "extra.jsonl")
	wantExit(t, run(t, srv, input, "--extra", file), tool.Done, "50 users in Permit but not in the input")
	for _, u := range have.Users[100:] {
		if n := strings.Count(readFile(t, file), `"`+u.Key+`"`); n != 1 {
			t.Errorf("%s is there %d times", u.Key, n)
		}
	}
}

// A tenant that a list hides is asked for, and gets the name of the input.
func TestHiddenTenantIsRenamed(t *testing.T) {
	t.Parallel()
	for name, pages := range shortLists {
		synctest.Test(t, func(t *testing.T) {
			srv := permittest.New(permittest.Options{Faults: answerList("GET F/tenants", pages)})
			have := usersWithEmails("")
			for i := range 150 {
				key := fmt.Sprintf("t%04d", i)
				have.Tenants = append(have.Tenants, permittest.Tenant{Key: key, Name: "Old"})
			}
			srv.Seed(have)
			input := lines(`{"type":"tenant","key":"t0120","name":"New"}`, `{"type":"tenant","key":"u","name":"Next"}`)
			wantReport(t, load(t.Context(), srv, input+endLine), tool.Done, "tenants: 1 added, 1 changed")
			have.Tenants[121].Name = "New"
			have.Tenants = append(have.Tenants, permittest.Tenant{Key: "u", Name: "Next"})
			if diff := cmp.Diff(have.Tenants, srv.State().Tenants); diff != "" {
				t.Errorf("%s: (-want +got):\n%s", name, diff)
			}
		})
	}
}

// Roles that a list hides are not replaced, which might cost them their permissions.
func TestHiddenRolesAreNotReplaced(t *testing.T) {
	t.Parallel()
	for name, pages := range shortLists {
		synctest.Test(t, func(t *testing.T) {
			srv := permittest.New(permittest.Options{Faults: answerList("GET S/roles", pages)})
			var want []permittest.Role
			var input strings.Builder
			for i := range 150 {
				key := fmt.Sprintf("r%04d", i)
				fmt.Fprintf(&input, `{"type":"role","key":%q,"name":"Role %s"}`+"\n", key, key)
				want = append(want, permittest.Role{Key: key, Name: "Role " + key, Permissions: []string{"document:read"}})
			}
			want[149].Permissions = nil
			srv.Seed(permittest.State{Roles: want[:149]})
			wantReport(t, load(t.Context(), srv, input.String()+endLine), tool.Done)
			if diff := cmp.Diff(want, srv.State().Roles); diff != "" {
				t.Errorf("%s: (-want +got):\n%.2000s", name, diff)
			}
		})
	}
}
