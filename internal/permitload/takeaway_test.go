package permitload

import (
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"a0permit/internal/httpapi/httpapitest"
	"a0permit/internal/permit/permittest"
	"a0permit/internal/tool"
)

// assigned is "user role tenant" for each.
func assigned(list ...string) []permittest.Assignment {
	var all []permittest.Assignment
	for _, each := range list {
		f := strings.Fields(each)
		all = append(all, permittest.Assignment{User: f[0], Role: f[1], Tenant: f[2]})
	}
	return all
}

// office is three users in two tenants, with three roles.
func office(list ...string) permittest.State {
	s := people("ann=a bob=b cid=c")
	s.Roles = []permittest.Role{{Key: "admin", Name: "Admin"}, {Key: "byhand", Name: "By Hand"}, {Key: "viewer", Name: "Viewer"}}
	s.Tenants = append(s.Tenants, permittest.Tenant{Key: "org", Name: "Org"}, permittest.Tenant{Key: "other", Name: "Other"})
	s.Assignments = assigned(list...)
	return s
}

const (
	roleLines  = `{"type":"role","key":"admin","name":"Admin"}` + "\n" + `{"type":"role","key":"viewer","name":"Viewer"}` + "\n"
	orgLine    = `{"type":"tenant","key":"org","name":"Org"}` + "\n"
	orgDefault = `{"type":"tenant","key":"default"}` + "\n"
	annNothing = `{"type":"user","key":"ann","role_assignments":[]}` + "\n"
	annViewer  = `{"type":"user","key":"ann","role_assignments":[{"role":"viewer"}]}` + "\n"
)

// What --roles replace takes away, and above all what it does not.
func TestRolesReplaced(t *testing.T) {
	t.Parallel()
	all := []string{"ann admin default", "ann admin org", "ann admin other", "ann byhand default", "bob admin default"}
	tests := []struct {
		name, input string
		age         time.Duration // of what is in Permit, when the input was true
		gone        []string
	}{
		{"spoken of by an assignment without tenant", roleLines + annViewer, time.Hour, []string{"ann admin default"}},
		{"nothing says that the default tenant is meant", roleLines + annNothing, time.Hour, nil},
		{"a tenant with a line", roleLines + orgLine + annNothing, time.Hour, []string{"ann admin org"}},
		{"both", roleLines + orgLine + annViewer, time.Hour, []string{"ann admin default", "ann admin org"}},
		{"another user's assignment speaks of the tenant", roleLines + annNothing + `{"type":"user","key":"cid","role_assignments":[{"role":"viewer"}]}` + "\n", time.Hour, []string{"ann admin default"}},
		{"a role without a line stays", annViewer + orgLine, time.Hour, nil},
		{"a user whose line does not speak of roles", roleLines + orgLine + `{"type":"user","key":"ann"}` + "\n" + `{"type":"user","key":"cid","role_assignments":[{"role":"viewer"}]}` + "\n", time.Hour, nil},
		{"what the input has stays", roleLines + orgLine + `{"type":"user","key":"ann","role_assignments":[{"role":"admin"},{"role":"admin","tenant":"org"}]}` + "\n", time.Hour, nil},
		{"given after the input was true", roleLines + orgLine + annViewer, -time.Hour, nil},
		{"given while it was exported", roleLines + orgLine + annViewer, 9 * time.Minute, nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				for _, o := range []permittest.Options{{}, {UnknownIdent: 404, Nulls: true, Envelopes: true}} {
					srv := permittest.New(o)
					asOf := time.Now()
					srv.SeedAt(asOf.Add(-tt.age), office(all...))
					before := srv.State().Assignments
					input := tt.input + endAt(asOf)
					wantCode(t, bring(t.Context(), srv, input, func(c *loadSettings) { c.replaceRoles = true }), tool.Done)
					after := srv.State().Assignments
					var gone []string
					for _, a := range before {
						if !slices.Contains(after, a) {
							gone = append(gone, a.User+" "+a.Role+" "+a.Tenant)
						}
					}
					if diff := cmp.Diff(tt.gone, gone); diff != "" {
						t.Errorf("taken away (-want +got):\n%s", diff)
					}
					time.Sleep(15 * time.Minute)
					writesBefore := writes(srv)
					wantCode(t, bring(t.Context(), srv, input, func(c *loadSettings) { c.replaceRoles, c.verifies = true, true }), tool.Done)
					if n := writes(srv) - writesBefore; n != 0 {
						t.Errorf("a second load made %d writes", n)
					}
				}
			})
		})
	}
}

// Lost answers and faults take away no more and no less.
func TestRolesReplacedUnderFaults(t *testing.T) {
	t.Parallel()
	faults := map[string]httpapitest.Fault{"lost": {Lose: true}, "cut": {Cut: true}, "503": {Status: 503}, "422": {Status: 422}, "404": {Status: 404}}
	for name, happens := range faults {
		for _, unknown := range []int{200, 404} {
			t.Run(fmt.Sprint(name, " ", unknown), func(t *testing.T) {
				t.Parallel()
				synctest.Test(t, func(t *testing.T) {
					srv := permittest.New(permittest.Options{UnknownIdent: unknown, Faults: struck("DELETE F/role_assignments/bulk", happens, 1, 2)})
					want := crowd(60)
					srv.Seed(want)
					time.Sleep(time.Hour)
					kept := slices.DeleteFunc(slices.Clone(want.Assignments), func(a permittest.Assignment) bool { return a.Role == "Admin" })
					input := want
					input.Assignments = kept
					got := bring(t.Context(), srv, orgDefault+strings.TrimSuffix(records(input), end)+endAt(time.Now()), func(c *loadSettings) { c.replaceRoles, c.verifies = true, true })
					wantCode(t, got, tool.Done)
					wantState(t, srv, input)
					if n := len(want.Assignments) - len(kept); got.report.ledger.Sums.Unassigned != n {
						t.Errorf("%d reported as taken away, want %d", got.report.ledger.Sums.Unassigned, n)
					}
				})
			})
		}
	}
}

// What the input does not say, or says too much of, is not taken away.
func TestTakingAwayIsRefused(t *testing.T) {
	t.Parallel()
	asOf := time.Now()
	replace := []string{"--roles", "replace"}
	tests := []struct {
		name, input string
		args        []string
		code        int
		says, hint  string
	}{
		{"no end", roleLines + annViewer, append(replace, "--yes"), tool.Stopped, "does not say when it was true", "--as-of"},
		{"an end without as_of", roleLines + annViewer + endAt(asOf) + end, append(replace, "--yes"), tool.Stopped, "does not say when it was true", "--as-of"},
		{"more than the limit", roleLines + annViewer + endAt(asOf), append(replace, "--yes"), tool.Stopped, "50.0% of the 2 in scope", "--remove-limit 51"},
		{"nobody to ask", roleLines + annViewer + endAt(asOf), append(replace, "--remove-limit", "100"), tool.Stopped, "to take 1 role assignment away from 1 user needs a yes", "--yes"},
		{"users, nobody to ask", annNothing + end, []string{"remove", "--remove-limit", "100"}, tool.Stopped, "to delete 1 user with 2 role assignments needs a yes", "--yes"},
		{"users, more than the limit", annNothing + end, []string{"remove", "--yes"}, tool.Stopped, "33.3% of the 3 in scope", "--remove-limit 34"},
		{"a limit that is none", annNothing + end, []string{"remove", "--remove-limit", "NaN"}, tool.BadUsage, "not a number from 0 to 100", "--remove-limit 5"},
		{"roles of users who go", annNothing + end, append([]string{"remove"}, replace...), tool.BadUsage, "there is no flag --roles", "permitload remove --help"},
		{"verify of nothing", annNothing + end, []string{"--verify", "--dry-run"}, tool.BadUsage, "--dry-run loads nothing", "leave one of the two out"},
		{"onto stdout", annNothing + end, []string{"remove", "--removed", "-"}, tool.BadUsage, "stdout is for what was not loaded", "--removed removed.jsonl"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			srv := permittest.New(permittest.Options{})
			srv.SeedAt(asOf.Add(-time.Hour), office("ann admin default", "ann viewer default"))
			got := run(t, srv, tt.input, tt.args...)
			wantRun(t, got, tt.code, tt.says)
			wantUntouched(t, srv, got, tt.hint)
		})
	}
}

// A dry run says what would go; --removed is what brings it back.
func TestRemovedRestores(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, input string
		args        []string
		plan, says  string
	}{
		{"roles", roleLines + orgLine + annViewer, []string{"--roles", "replace"}, "- 2 role assignments of 1 user", "2 role assignments taken away"},
		{"users", annNothing + `{"type":"user","key":"zoe"}` + "\n", []string{"remove"}, "- 1 user with 4 role assignments  (1 of the input are not in Permit)", "users: 2 in = 1 deleted + 1 unchanged"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			srv := permittest.New(permittest.Options{})
			have := office("ann admin default", "ann viewer default", "ann admin org", "ann byhand default")
			have.Users[0].FirstName, have.Users[0].Attributes = "Ann", map[string]any{"plan": "pro"}
			srv.SeedAt(time.Now().Add(-time.Hour), have)
			before := srv.State()
			path := filepath.Join(t.TempDir(), "removed.jsonl")
			args := append(tt.args, "--yes", "--remove-limit", "100", "--removed", path)
			input := tt.input + endAt(time.Now())

			wantRun(t, run(t, srv, input, append(args, "--dry-run")...), tool.Done, tt.plan, "nothing was written")
			if n := writes(srv); n > 0 {
				t.Fatalf("%d writes of a dry run", n)
			}
			wantRun(t, run(t, srv, input, args...), tool.Done, tt.plan, tt.says)
			if cmp.Equal(before, srv.State()) {
				t.Fatal("nothing went")
			}
			text, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			wantRun(t, run(t, srv, string(text), "--require-end"), tool.Done)
			wantState(t, srv, before)
		})
	}
}

// A load that stops midway has written down what it took away before it did.
func TestRemovedIsWrittenFirst(t *testing.T) {
	t.Parallel()
	for _, call := range []string{"DELETE F/role_assignments/bulk", "DELETE F/bulk/users"} {
		t.Run(call, func(t *testing.T) {
			t.Parallel()
			srv := permittest.New(permittest.Options{Faults: struck(call, httpapitest.Fault{Status: 401}, 1)})
			srv.Seed(office("ann admin default", "bob viewer org"))
			before := srv.State()
			path := filepath.Join(t.TempDir(), "removed.jsonl")
			input := annNothing + `{"type":"user","key":"bob"}` + "\n" + end
			got := run(t, srv, input, "remove", "--yes", "--remove-limit", "100", "--removed", path)
			wantRun(t, got, tool.Stopped)
			text, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			srv2 := permittest.New(permittest.Options{})
			srv2.Seed(srv.State())
			wantRun(t, run(t, srv2, string(text)), tool.Done)
			wantState(t, srv2, before)
			// What comes out is what is still to do.
			if call == "DELETE F/bulk/users" {
				if diff := cmp.Diff([]string{"ann not_reached", "bob not_reached"}, codes(t, got.out)); diff != "" {
					t.Errorf("stdout (-want +got):\n%s", diff)
				}
			}
		})
	}
}

func TestUsersRemoved(t *testing.T) {
	t.Parallel()
	for name, o := range map[string]permittest.Options{
		"strict": {}, "lost": {Faults: struck("DELETE F/bulk/users", httpapitest.Fault{Lose: true}, 1)},
		"lost, unknown refused": {UnknownIdent: 404, Faults: struck("DELETE F/bulk/users", httpapitest.Fault{Lose: true}, 1)},
		"small, by 403":         {Caps: permittest.Caps{Users: 110}}, "small, by 413": {Caps: permittest.Caps{Users: 7, Assignments: 7}, Oversize: 413},
		"small, lost, unknown refused": {
			Caps: permittest.Caps{Users: 70, Assignments: 70}, Oversize: 413, UnknownIdent: 404,
			Faults: struck("DELETE F/bulk/users", httpapitest.Fault{Lose: true}, 2, 4),
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				have := crowd(300)
				srv := permittest.New(o)
				srv.Seed(have)
				goes := permittest.State{Users: have.Users[:250]}
				stays := permittest.State{Roles: have.Roles, Tenants: have.Tenants, Users: have.Users[250:]}
				for _, a := range have.Assignments {
					if a.User >= have.Users[250].Key {
						stays.Assignments = append(stays.Assignments, a)
					}
				}
				got := remove(t.Context(), srv, records(goes))
				wantCode(t, got, tool.Done)
				wantState(t, srv, stays)
				if says := "users: 250 in = 250 deleted + 0 unchanged + 0 not loaded"; !strings.Contains(got.report.String(), says) || got.report.ledger.Sums.Deleted != 250 {
					t.Errorf("report: %s", got.report)
				}
				if srv.Refused() > 0 {
					t.Errorf("%d answers of 429", srv.Refused())
				}
				again := remove(t.Context(), srv, records(goes))
				wantCode(t, again, tool.Done)
				if says := "users: 250 in = 0 deleted + 250 unchanged + 0 not loaded"; !strings.Contains(again.report.String(), says) {
					t.Errorf("report of the second time: %s", again.report)
				}
			})
		})
	}
}

// --verify waits for late writes, and tells what another has changed meanwhile.
func TestVerify(t *testing.T) {
	t.Parallel()
	for name, o := range environments() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				srv := permittest.New(o)
				want := crowd(24)
				got := bring(t.Context(), srv, records(want), func(c *loadSettings) { c.verifies = true })
				wantCode(t, got, tool.Done)
				if !strings.Contains(got.say, "verified: Permit has what was loaded") {
					t.Errorf("stderr: %s", got.say)
				}
				wantState(t, srv, want)
			})
		})
	}
}

func TestVerifyFindsWhatDiffers(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		began, loaded, meddled := time.Now(), false, false
		want := office("ann admin org", "cid viewer org")
		want.Users[1].FirstName = "Bob"
		var srv *permittest.Server
		srv = permittest.New(permittest.Options{Faults: func(r *http.Request) httpapitest.Fault {
			loaded = loaded || abbreviated(r.Method, r.URL.Path) == "POST F/role_assignments/bulk"
			if loaded && !meddled && abbreviated(r.Method, r.URL.Path) == "GET S/roles" {
				meddled = true
				srv.SeedAt(began.Add(-time.Hour), permittest.State{Users: []permittest.User{{Key: "bob", Email: "b@acme.example", FirstName: "Rob"}}, Assignments: assigned("ann viewer org")})
				deleted(t, srv, facts+"/users/cid")
			}
			return httpapitest.Fault{}
		}})
		srv.Seed(permittest.State{Roles: want.Roles, Tenants: want.Tenants})
		got := bring(t.Context(), srv, strings.TrimSuffix(records(want), end)+endAt(began), func(c *loadSettings) { c.verifies, c.replaceRoles = true, true })
		wantCode(t, got, tool.Rejected)
		_, list, _ := strings.Cut(got.say, "4 differences between Permit and what was loaded\n")
		diff := cmp.Diff("~ user bob\n+ user cid\n+ role assignment cid viewer org\n- role assignment ann viewer org\n", strings.ReplaceAll(list, "permitload: ", ""))
		if diff != "" {
			t.Errorf("the list (-want +got):\n%s", diff)
		}
		if took := time.Since(began); took > 2*time.Minute {
			t.Errorf("looked for %s", took)
		}
	})
}
