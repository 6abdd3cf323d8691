package permitload

import (
	"fmt"
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

// Old input gives nobody a role back under --roles replace, not even with the
// user.
func TestLastWeeksFile(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		srv := permittest.New(permittest.Options{})
		srv.Seed(office())
		input := roleLines + `{"type":"user","key":"fired","role_assignments":[{"role":"admin"}]}` + "\n" + endAt(time.Now().Add(-7*24*time.Hour))
		got := bring(t.Context(), srv, input, func(c *loadSettings) { c.replaceRoles = true })
		wantCode(t, got, tool.Stopped)
		if n := writes(srv); n > 0 {
			t.Errorf("%d writes", n)
		}
	})
}

// The limit counts what is in scope once, listed or asked for.
func TestScopeIsCountedOnce(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		srv := permittest.New(permittest.Options{})
		srv.Seed(crowd(4500))
		time.Sleep(time.Hour)
		var input strings.Builder
		input.WriteString(orgDefault + `{"type":"role","key":"Admin"}` + "\n")
		for i := range 60 {
			fmt.Fprintf(&input, `{"type":"user","key":"auth0|%06d","role_assignments":[]}`+"\n", i)
		}
		got := bring(t.Context(), srv, input.String()+endAt(time.Now()), func(c *loadSettings) { c.replaceRoles, c.removal.limit = true, 60 })
		wantCode(t, got, tool.Stopped)
		if says := "would be 100.0% of the 45 in scope"; !strings.Contains(got.err.Error(), says) {
			t.Errorf("%v lacks %q", got.err, says)
		}
	})
}

// A line that is broken makes the other lines of its key doubtful.
func TestBrokenTwin(t *testing.T) {
	t.Parallel()
	broken := `{"type":"user","key":"ann","email":"no address","role_assignments":[{"role":"admin"}]}` + "\n"
	for _, lines := range []string{annNothing + broken, broken + annNothing} {
		synctest.Test(t, func(t *testing.T) {
			srv := permittest.New(permittest.Options{})
			have := office("ann admin default")
			srv.Seed(have)
			time.Sleep(time.Hour)
			got := bring(t.Context(), srv, orgDefault+roleLines+lines+endAt(time.Now()), func(c *loadSettings) { c.replaceRoles = true })
			wantCode(t, got, tool.Rejected)
			wantState(t, srv, have)
			out := codes(t, got.out)
			slices.Sort(out)
			if diff := cmp.Diff([]string{"ann differing_lines", "ann invalid_record"}, out); diff != "" {
				t.Errorf("stdout (-want +got):\n%s", diff)
			}
		})
	}
}
