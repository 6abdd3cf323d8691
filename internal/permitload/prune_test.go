package permitload

import (
	"fmt"
	"net/http"
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

// --roles replace takes away only what the input has lines for: the user, the role and
// the tenant. What is younger than the input stays.
func TestPruneTakesAwayWhatIsInScope(t *testing.T) {
	t.Parallel()
	all := []string{"ann admin default", "ann admin org", "ann admin other", "ann byhand default", "bob admin default"}
	const (
		annOfNoRoles = `{"type":"user","key":"ann"}` + "\n"
		annAsAdmin   = `{"type":"user","key":"ann","role_assignments":` +
			`[{"role":"admin"},{"role":"admin","tenant":"org"}]}` + "\n"
		annInOrg    = `{"type":"user","key":"ann","role_assignments":[{"role":"viewer","tenant":"org"}]}` + "\n"
		cidAsViewer = `{"type":"user","key":"cid","role_assignments":[{"role":"viewer"}]}` + "\n"
		roleAndOrg  = roleLines + orgTenantLine
	)
	tests := []struct {
		name, input string
		age         time.Duration // of what is in Permit, at the time of the input
		gone        []string
	}{
		{"an assignment without tenant", roleLines + annAsViewer, time.Hour, []string{"ann admin default"}},
		{"no assignment at all", roleLines + annWithoutRoles, time.Hour, []string{"ann admin default"}},
		{"a tenant with a line", roleAndOrg + annInOrg, time.Hour, []string{"ann admin org"}},
		{"both", roleAndOrg + annAsViewer, time.Hour, []string{"ann admin default", "ann admin org"}},
		{
			"another user has none", roleAndOrg + annInOrg + bobWithoutRoles, time.Hour,
			[]string{"ann admin default", "ann admin org", "bob admin default"},
		},
		{
			"another user's assignment without tenant", roleLines + annWithoutRoles + cidAsViewer, time.Hour,
			[]string{"ann admin default"},
		},
		{"a role without a line stays", annAsViewer + orgTenantLine, time.Hour, nil},
		{"a user whose line does not speak of roles", roleAndOrg + annOfNoRoles + cidAsViewer, time.Hour, nil},
		{"what the input has stays", roleAndOrg + annAsAdmin, time.Hour, nil},
		{"given after the input was true", roleAndOrg + annAsViewer, -time.Hour, nil},
		{"given while it was exported", roleAndOrg + annAsViewer, 9 * time.Minute, nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				for _, o := range []permittest.Options{{}, {UnknownIdent: 404, LeaveOut: true, Envelopes: true}} {
					srv := permittest.New(o)
					asOf := time.Now()
					srv.SeedAt(asOf.Add(-tt.age), threeUsers(all...))
					before := srv.State().Assignments
					input := tt.input + endLineAt(asOf)
					wantReport(t, load(t.Context(), srv, input, replaceRoles), tool.Done)
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
					wantIdleReload(t, srv, input, replaceRoles, thenVerify)
				}
			})
		})
	}
}

// If somebody filters the input by tenant, and leaves [] for users with roles elsewhere,
// this says nothing about tenant-wide roles. The end line gives it away, since it counts
// more tenants. What stays is reported, with the line that decides.
func TestPruneOfOneTenantLeavesTheOthers(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		srv := permittest.New(permittest.Options{})
		srv.Seed(threeUsers("ann admin default", "ann admin org", "bob viewer default", "ann byhand org", "bob admin other"))
		time.Sleep(time.Hour)
		end := strings.Replace(endLineAt(time.Now()), `"complete":true`, `"complete":true,"tenants":2`, 1)
		picked := roleLines + orgTenantLine + annWithoutRoles + bobWithoutRoles + end
		got := load(t.Context(), srv, picked, replaceRoles)
		wantReport(t, got, tool.Done)
		wantAssignments(t, srv, roleAssignments(
			"ann admin default", "ann byhand org", "bob viewer default", "bob admin other"))
		for _, says := range []string{
			"2 role assignments that the input lacks stay in Permit: in tenant default, about which the input may say nothing",
			`hint: a line {"type":"tenant","key":"default"} in the input says that it does`,
			"1 role assignment that the input lacks stays in Permit: the input has no line for the role",
			"1 role assignment that the input lacks stays in Permit: the input has no line for the tenant",
		} {
			if !strings.Contains(got.stderr, says) {
				t.Errorf("stderr lacks %q:\n%s", says, got.stderr)
			}
		}
		got = load(t.Context(), srv, defaultTenantLine+picked, replaceRoles)
		wantReport(t, got, tool.Done)
		wantAssignments(t, srv, roleAssignments("ann byhand org", "bob admin other"))
	})
}

// With faults and lost answers, --roles replace takes away exactly the same.
func TestPruneUnderFaults(t *testing.T) {
	t.Parallel()
	for name, fault := range map[string]httpapitest.Fault{
		"lost": {Lose: true}, "cut": {Cut: true}, "503": {Status: 503}, "422": {Status: 422}, "404": {Status: 404},
	} {
		for _, unknown := range []int{200, 404} {
			t.Run(fmt.Sprint(name, " ", unknown), func(t *testing.T) {
				t.Parallel()
				synctest.Test(t, func(t *testing.T) {
					srv := permittest.New(permittest.Options{
						UnknownIdent: unknown, Faults: faultOn("DELETE F/role_assignments/bulk", fault, 1, 2),
					})
					have := usersWithRoles(60)
					srv.Seed(have)
					time.Sleep(time.Hour)
					want := have
					want.Assignments = slices.DeleteFunc(slices.Clone(have.Assignments), func(a permittest.Assignment) bool {
						return a.Role == "Admin"
					})
					input := defaultTenantLine + linesAsOf(want, time.Now())
					got := load(t.Context(), srv, input, replaceRoles, thenVerify)
					wantReport(t, got, tool.Done)
					wantState(t, srv, want)
					gone := len(have.Assignments) - len(want.Assignments)
					if n := got.report.ledger.Sums.Unassigned; n != gone {
						t.Errorf("%d reported as taken away, want %d", n, gone)
					}
				})
			})
		}
	}
}

// Nothing is taken away if the time of the input is unknown, if it is more than the
// limit, or if nobody says yes.
func TestPruneIsRefused(t *testing.T) {
	t.Parallel()
	asOf := time.Now()
	undated := roleLines + annAsViewer
	dated := undated + endLineAt(asOf)
	yes := []string{"--yes"}
	const notTold = "does not say when it was exported"
	tests := []struct {
		name, input string
		args        []string
		says, hint  string
	}{
		{"no end", undated, yes, notTold, "--as-of"},
		{"an end without as_of", dated + endLine, yes, notTold, "--as-of"},
		{"more than the limit", dated, yes, "50.0% of the 2 in scope", "--remove-limit 51"},
		{
			"nobody to ask", dated,
			[]string{"--remove-limit", "100"},
			"to take 1 role assignment from 1 user in environment Development (dev) needs a yes", "--yes",
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			srv := permittest.New(permittest.Options{})
			srv.SeedAt(asOf.Add(-time.Hour), threeUsers("ann admin default", "ann viewer default"))
			got := run(t, srv, tt.input, append([]string{"--roles", "replace"}, tt.args...)...)
			wantExit(t, got, tool.Stopped, tt.says)
			wantNothingWritten(t, srv, got, tt.hint)
		})
	}
}

// With --roles replace, old input gives nobody a role, not even a new user, since the
// role may have been taken away since.
func TestOldInputGivesNoRoles(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		srv := permittest.New(permittest.Options{})
		srv.Seed(threeUsers())
		input := roleLines + lines(`{"type":"user","key":"fired","role_assignments":[{"role":"admin"}]}`) +
			endLineAt(time.Now().Add(-7*24*time.Hour))
		got := load(t.Context(), srv, input, replaceRoles)
		wantReport(t, got, tool.Stopped)
		if n := countWrites(srv); n > 0 {
			t.Errorf("%d writes", n)
		}
	})
}

// --remove-limit is a percentage of what is in scope. Each assignment counts once,
// although assignments are first listed and then asked for.
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
		limit := func(c *loadSettings) { c.removal.limit = 60 }
		got := load(t.Context(), srv, input.String()+endLineAt(time.Now()), replaceRoles, limit)
		wantReport(t, got, tool.Stopped)
		if says := "is 100.0% of the 45 in scope"; !strings.Contains(got.err.Error(), says) {
			t.Errorf("%v lacks %q", got.err, says)
		}
	})
}

// A broken line casts doubt on the other lines of its key, so they take nothing away.
func TestBrokenLineSpoilsTheOthersOfItsKey(t *testing.T) {
	t.Parallel()
	broken := lines(`{"type":"user","key":"ann","email":"no address","role_assignments":[{"role":"admin"}]}`)
	for _, users := range []string{annWithoutRoles + broken, broken + annWithoutRoles} {
		synctest.Test(t, func(t *testing.T) {
			srv := permittest.New(permittest.Options{})
			have := threeUsers("ann admin default")
			srv.Seed(have)
			time.Sleep(time.Hour)
			got := load(t.Context(), srv, defaultTenantLine+roleLines+users+endLineAt(time.Now()), replaceRoles)
			wantReport(t, got, tool.Rejected)
			wantState(t, srv, have)
			rejected := rejectedCodes(t, got.stdout)
			slices.Sort(rejected)
			if diff := cmp.Diff([]string{"ann differing_lines", "ann invalid_record"}, rejected); diff != "" {
				t.Errorf("stdout (-want +got):\n%s", diff)
			}
		})
	}
}

// What a PUT cleared and this run has put back shows late in the list. It is not taken
// for gone when a bulk call is refused because another assignment is.
func TestWhatWasPutBackIsTakenAwayThoughListedLate(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var srv *permittest.Server
		takeBobs := onCall("DELETE F/role_assignments/bulk", func() {
			callPermit(t, srv, http.MethodDelete, factsPath+"/role_assignments", `{"user":"bob","role":"admin","tenant":"org"}`)
		})
		srv = permittest.New(permittest.Options{
			PutAssignments: permittest.Clear, AssignmentLag: 20 * time.Second, UnknownIdent: 404, Faults: takeBobs,
		})
		srv.Seed(threeUsers("ann admin org", "bob admin org"))
		time.Sleep(time.Hour)
		input := roleLines + orgTenantLine + lines(
			`{"type":"user","key":"ann","first_name":"Ann","role_assignments":[]}`,
			`{"type":"user","key":"bob","role_assignments":[]}`)
		wantReport(t, load(t.Context(), srv, input+endLineAt(time.Now()), replaceRoles), tool.Done)
		wantAssignments(t, srv, nil)
	})
}
