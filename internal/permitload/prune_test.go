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
func TestPruneTakesAwayWhatIsInScope(t *testing.T) {
	t.Parallel()
	all := []string{"ann admin default", "ann admin org", "ann admin other", "ann byhand default", "bob admin default"}
	tests := []struct {
		name, input string
		age         time.Duration // of what is in Permit, when the input was true
		gone        []string
	}{
		{"spoken of by an assignment without tenant", roleLines + annAsViewer, time.Hour, []string{"ann admin default"}},
		{"nothing says that the default tenant is meant", roleLines + annWithoutRoles, time.Hour, nil},
		{"a tenant with a line", roleLines + orgTenantLine + annWithoutRoles, time.Hour, []string{"ann admin org"}},
		{"both", roleLines + orgTenantLine + annAsViewer, time.Hour, []string{"ann admin default", "ann admin org"}},
		{"another user's assignment speaks of the tenant", roleLines + annWithoutRoles + `{"type":"user","key":"cid","role_assignments":[{"role":"viewer"}]}` + "\n", time.Hour, []string{"ann admin default"}},
		{"a role without a line stays", annAsViewer + orgTenantLine, time.Hour, nil},
		{"a user whose line does not speak of roles", roleLines + orgTenantLine + `{"type":"user","key":"ann"}` + "\n" + `{"type":"user","key":"cid","role_assignments":[{"role":"viewer"}]}` + "\n", time.Hour, nil},
		{"what the input has stays", roleLines + orgTenantLine + `{"type":"user","key":"ann","role_assignments":[{"role":"admin"},{"role":"admin","tenant":"org"}]}` + "\n", time.Hour, nil},
		{"given after the input was true", roleLines + orgTenantLine + annAsViewer, -time.Hour, nil},
		{"given while it was exported", roleLines + orgTenantLine + annAsViewer, 9 * time.Minute, nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				for _, o := range []permittest.Options{{}, {UnknownIdent: 404, Nulls: true, Envelopes: true}} {
					srv := permittest.New(o)
					asOf := time.Now()
					srv.SeedAt(asOf.Add(-tt.age), threeUsers(all...))
					before := srv.State().Assignments
					input := tt.input + endLineAt(asOf)
					wantCode(t, load(t.Context(), srv, input, func(c *loadSettings) { c.replaceRoles = true }), tool.Done)
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
					writesBefore := countWrites(srv)
					wantCode(t, load(t.Context(), srv, input, func(c *loadSettings) { c.replaceRoles, c.verifies = true, true }), tool.Done)
					if n := countWrites(srv) - writesBefore; n != 0 {
						t.Errorf("a second load made %d writes", n)
					}
				}
			})
		})
	}
}

// Lost answers and faults take away no more and no less.
func TestPruneUnderFaults(t *testing.T) {
	t.Parallel()
	faults := map[string]httpapitest.Fault{"lost": {Lose: true}, "cut": {Cut: true}, "503": {Status: 503}, "422": {Status: 422}, "404": {Status: 404}}
	for name, happens := range faults {
		for _, unknown := range []int{200, 404} {
			t.Run(fmt.Sprint(name, " ", unknown), func(t *testing.T) {
				t.Parallel()
				synctest.Test(t, func(t *testing.T) {
					srv := permittest.New(permittest.Options{UnknownIdent: unknown, Faults: faultOn("DELETE F/role_assignments/bulk", happens, 1, 2)})
					want := usersWithRoles(60)
					srv.Seed(want)
					time.Sleep(time.Hour)
					kept := slices.DeleteFunc(slices.Clone(want.Assignments), func(a permittest.Assignment) bool { return a.Role == "Admin" })
					input := want
					input.Assignments = kept
					got := load(t.Context(), srv, defaultTenantLine+strings.TrimSuffix(linesFor(input), endLine)+endLineAt(time.Now()), func(c *loadSettings) { c.replaceRoles, c.verifies = true, true })
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
func TestPruneIsRefused(t *testing.T) {
	t.Parallel()
	asOf := time.Now()
	replace := []string{"--roles", "replace"}
	tests := []struct {
		name, input string
		args        []string
		code        int
		says, hint  string
	}{
		{"no end", roleLines + annAsViewer, append(replace, "--yes"), tool.Stopped, "does not say when it was true", "--as-of"},
		{"an end without as_of", roleLines + annAsViewer + endLineAt(asOf) + endLine, append(replace, "--yes"), tool.Stopped, "does not say when it was true", "--as-of"},
		{"more than the limit", roleLines + annAsViewer + endLineAt(asOf), append(replace, "--yes"), tool.Stopped, "50.0% of the 2 in scope", "--remove-limit 51"},
		{"nobody to ask", roleLines + annAsViewer + endLineAt(asOf), append(replace, "--remove-limit", "100"), tool.Stopped, "to take 1 role assignment away from 1 user needs a yes", "--yes"},
		{"users, nobody to ask", annWithoutRoles + endLine, []string{"remove", "--remove-limit", "100"}, tool.Stopped, "to delete 1 user with 2 role assignments needs a yes", "--yes"},
		{"users, more than the limit", annWithoutRoles + endLine, []string{"remove", "--yes"}, tool.Stopped, "33.3% of the 3 in scope", "--remove-limit 34"},
		{"a limit that is none", annWithoutRoles + endLine, []string{"remove", "--remove-limit", "NaN"}, tool.BadUsage, "not a number from 0 to 100", "--remove-limit 5"},
		{"roles of users who go", annWithoutRoles + endLine, append([]string{"remove"}, replace...), tool.BadUsage, "there is no flag --roles", "permitload remove --help"},
		{"verify of nothing", annWithoutRoles + endLine, []string{"--verify", "--dry-run"}, tool.BadUsage, "--dry-run loads nothing", "leave one of the two out"},
		{"onto stdout", annWithoutRoles + endLine, []string{"remove", "--removed", "-"}, tool.BadUsage, "stdout is for what was not loaded", "--removed removed.jsonl"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			srv := permittest.New(permittest.Options{})
			srv.SeedAt(asOf.Add(-time.Hour), threeUsers("ann admin default", "ann viewer default"))
			got := run(t, srv, tt.input, tt.args...)
			wantExit(t, got, tt.code, tt.says)
			wantNothingWritten(t, srv, got, tt.hint)
		})
	}
}

// Old input gives nobody a role back under --roles replace, not even with the
// user.
func TestOldInputGivesNoRoles(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		srv := permittest.New(permittest.Options{})
		srv.Seed(threeUsers())
		input := roleLines + `{"type":"user","key":"fired","role_assignments":[{"role":"admin"}]}` + "\n" + endLineAt(time.Now().Add(-7*24*time.Hour))
		got := load(t.Context(), srv, input, func(c *loadSettings) { c.replaceRoles = true })
		wantCode(t, got, tool.Stopped)
		if n := countWrites(srv); n > 0 {
			t.Errorf("%d writes", n)
		}
	})
}

// The limit counts what is in scope once, listed or asked for.
func TestRemoveLimitCountsTheScopeOnce(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		srv := permittest.New(permittest.Options{})
		srv.Seed(usersWithRoles(4500))
		time.Sleep(time.Hour)
		var input strings.Builder
		input.WriteString(defaultTenantLine + `{"type":"role","key":"Admin"}` + "\n")
		for i := range 60 {
			fmt.Fprintf(&input, `{"type":"user","key":"auth0|%06d","role_assignments":[]}`+"\n", i)
		}
		got := load(t.Context(), srv, input.String()+endLineAt(time.Now()), func(c *loadSettings) { c.replaceRoles, c.removal.limit = true, 60 })
		wantCode(t, got, tool.Stopped)
		if says := "would be 100.0% of the 45 in scope"; !strings.Contains(got.err.Error(), says) {
			t.Errorf("%v lacks %q", got.err, says)
		}
	})
}

// A line that is broken makes the other lines of its key doubtful.
func TestBrokenLineSpoilsTheOthersOfItsKey(t *testing.T) {
	t.Parallel()
	broken := `{"type":"user","key":"ann","email":"no address","role_assignments":[{"role":"admin"}]}` + "\n"
	for _, lines := range []string{annWithoutRoles + broken, broken + annWithoutRoles} {
		synctest.Test(t, func(t *testing.T) {
			srv := permittest.New(permittest.Options{})
			have := threeUsers("ann admin default")
			srv.Seed(have)
			time.Sleep(time.Hour)
			got := load(t.Context(), srv, defaultTenantLine+roleLines+lines+endLineAt(time.Now()), func(c *loadSettings) { c.replaceRoles = true })
			wantCode(t, got, tool.Rejected)
			wantState(t, srv, have)
			out := rejectedCodes(t, got.out)
			slices.Sort(out)
			if diff := cmp.Diff([]string{"ann differing_lines", "ann invalid_record"}, out); diff != "" {
				t.Errorf("stdout (-want +got):\n%s", diff)
			}
		})
	}
}
