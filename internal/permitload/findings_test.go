package permitload

import (
	"fmt"
	"net/http"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"a0permit/internal/httpapi/httpapitest"
	"a0permit/internal/permit/permittest"
	"a0permit/internal/permitload/apply"
	"a0permit/internal/tool"
)

// sharers returns 10n users, of whom n have the email of the user before them.
func sharers(n int) permittest.State {
	s, _ := bareUsers(10 * n)
	for i := 9; i < len(s.Users); i += 10 {
		s.Users[i].Email = s.Users[i-1].Email
	}
	return s
}

// countAll returns how many calls a load of the input takes, and what it found out.
func countAll(t *testing.T, srv *permittest.Server, input string, code int) (calls int, found apply.Findings) {
	t.Helper()
	before := len(srv.Calls())
	got := load(t.Context(), srv, input)
	wantReport(t, got, code)
	return len(srv.Calls()) - before, got.report.found
}

// If Permit accepts one email for two users, users who share one cost only a few more
// calls.
func TestSharedEmailsThatPermitTakes(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		_, input := bareUsers(4000)
		alone, _ := countAll(t, permittest.New(permittest.Options{}), input, tool.Done)
		srv, want := permittest.New(permittest.Options{}), sharers(400)
		shared, found := countAll(t, srv, linesFor(want), tool.Done)
		wantState(t, srv, want)
		if shared > alone+5 || found.SharedEmail != "taken" {
			t.Errorf("%d calls, and %d without shared emails: %+v", shared, alone, found)
		}
		wantIdleReload(t, srv, linesFor(want))
	})
}

// If Permit refuses it, they come out with its words, at the price of a few writes.
// Nobody in Permit loses an email.
func TestSharedEmailsThatPermitRefuses(t *testing.T) {
	t.Parallel()
	for _, status := range []int{409, 422} {
		synctest.Test(t, func(t *testing.T) {
			srv, all := permittest.New(permittest.Options{DuplicateEmail: status}), sharers(400)
			got := load(t.Context(), srv, linesFor(all))
			wantReport(t, got, tool.Rejected, "users: 3,600 added, 400 left over")
			if n := countWrites(srv); n > 60 {
				t.Errorf("%d writes", n)
			}
			for i, line := range rejectedLines(t, got.stdout) {
				own := all.Users[i*10+9]
				if line.Key != own.Key || line.Error.Status != status || !strings.Contains(line.Error.Message, own.Email) {
					t.Fatalf("line %d: %s, %+v", i, line.Key, line.Error)
				}
			}
			want := srv.State()
			if len(want.Users) != 3600 {
				t.Errorf("%d users", len(want.Users))
			}
			wantNoWrites(t, srv, func() {
				wantReport(t, load(t.Context(), srv, linesFor(all)), tool.Rejected, "3,600 unchanged, 400 left over")
			})
			wantState(t, srv, want)
		})
	}
}

// A refusal for another reason says nothing about shared emails. A user who is then the
// only one with an email may have it.
func TestRefusalsThatAreNotAboutEmails(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		duplicateEmail int
		first, second  int // number of pairs of which the first or second is refused
		loaded         string
	}{
		"the first to have it, where emails are shared":  {0, 3, 0, "users: 3,997 added"},
		"the second, where emails are shared":            {0, 0, 3, "users: 3,997 added"},
		"the first to have it, where they belong to one": {409, 3, 0, "users: 3,600 added"},
		"the second, where they belong to one":           {422, 0, 2, "users: 3,600 added"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				want, poison := sharers(400), map[string]int{}
				for i := range tt.first {
					poison[want.Users[i*10+8].Key] = 422
				}
				for i := range tt.second {
					poison[want.Users[i*10+9].Key] = 422
				}
				srv := permittest.New(permittest.Options{DuplicateEmail: tt.duplicateEmail, Poison: poison})
				got := load(t.Context(), srv, linesFor(want))
				wantReport(t, got, tool.Rejected, tt.loaded)
				if n := countWrites(srv); n > 120 {
					t.Errorf("%d writes", n)
				}
			})
		})
	}
}

// Users who already share an email in Permit are left as they are. If one of them is
// updated, it keeps the email, whatever Permit would say to a new user.
func TestSharedEmailsThatAreThere(t *testing.T) {
	t.Parallel()
	for _, drop := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			srv := permittest.New(permittest.Options{})
			srv.Seed(usersWithEmails("a=x b=x zoe=x"))
			dropEmail := func(c *loadSettings) { c.dropEmail = drop }
			wantNoWrites(t, srv, func() {
				got := load(t.Context(), srv, linesFor(usersWithEmails("a=x b=x")), dropEmail)
				wantReport(t, got, tool.Done, "2 unchanged")
			})
			want := usersWithEmails("a=x b=x zoe=x")
			want.Users[1].FirstName = "Bob"
			wantReport(t, load(t.Context(), srv, linesFor(want), dropEmail), tool.Done)
			wantState(t, srv, want)
		})
	}
}

// inlines maps what Permit may do with roles in a bulk write of users to what a load
// finds out.
var inlines = map[permittest.Inline]string{
	permittest.InlineMade: "honoured", permittest.InlineLate: "honoured", permittest.InlineHalf: "partly honoured",
	permittest.InlineIgnored: "ignored", permittest.InlineRefused: "refused",
}

// Roles go along with new users, as far as Permit accepts that. Whatever it does, all of
// them exist in the end, and only one batch is used to find out.
func TestRolesOfNewUsers(t *testing.T) {
	t.Parallel()
	const batches = 3
	for inline, answer := range inlines {
		t.Run(answer, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				// Users become visible late, and only small batches are accepted.
				srv := permittest.New(permittest.Options{
					Inline: inline, Lag: 2 * time.Second, Caps: permittest.Caps{Users: 100}, Oversize: 413,
				})
				want := usersWithRoles(100 * batches)
				got := load(t.Context(), srv, linesFor(want))
				wantReport(t, got, tool.Done)
				wantState(t, srv, want)
				if got.report.found.RolesOfUsers != answer {
					t.Errorf("found out %+v", got.report.found)
				}
				wantIdleReload(t, srv, linesFor(want))
			})
		})
	}
}

// What the first batch shows about roles of new users decides about the next ones.
func TestRolesOfNewUsersAreTriedOnce(t *testing.T) {
	t.Parallel()
	for inline, answer := range inlines {
		t.Run(answer, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				carrying := 0
				count := func(r *http.Request) httpapitest.Fault {
					if shortRequest(r) == "PUT F/bulk/users" && strings.Contains(bodyOf(r), `"role_assignments"`) {
						carrying++
					}
					return httpapitest.Fault{}
				}
				srv := permittest.New(permittest.Options{Inline: inline, Forget: true, Faults: count})
				var input strings.Builder
				input.WriteString(`{"type":"role","key":"Admin"}` + "\n")
				for i := range 9000 {
					fmt.Fprintf(&input, `{"type":"user","key":"u%d","role_assignments":[{"role":"Admin"}]}`+"\n", i)
				}
				wantReport(t, load(t.Context(), srv, input.String()+endLine), tool.Done, "9,000 role assignments added")
				want := map[string]int{"ignored": 1, "refused": 1}[answer]
				if want == 0 {
					want = 3
				}
				if carrying != want || len(srv.State().Assignments) != 9000 {
					t.Errorf("%d calls carried roles, want %d; %d assignments", carrying, want, len(srv.State().Assignments))
				}
			})
		})
	}
}

// Roles that went along are read back a thousand a call once they are visible, and not
// user by user.
func TestRolesOfNewUsersAreReadInFewCalls(t *testing.T) {
	t.Parallel()
	const batches = 4
	for lag, most := range map[time.Duration]int{0: batches * 5, 5 * time.Second: batches * 14} {
		synctest.Test(t, func(t *testing.T) {
			srv := permittest.New(permittest.Options{Lag: lag, AssignmentLag: lag})
			var input strings.Builder
			input.WriteString(`{"type":"role","key":"Admin"}` + "\n")
			for i := range 3000 * batches {
				fmt.Fprintf(&input, `{"type":"user","key":"u%d","role_assignments":[{"role":"Admin"}]}`+"\n", i)
			}
			wantReport(t, load(t.Context(), srv, input.String()+endLine), tool.Done, "12,000 role assignments added")
			if n := countCalls(srv, "GET F/role_assignments"); n > most || countBulkCalls(srv) != batches {
				t.Errorf("lag %s: %d reads, want at most %d; %d bulk calls", lag, n, most, countBulkCalls(srv))
			}
		})
	}
}

// A refused record in a call that carries roles keeps out only itself.
func TestRefusedUserAmongThoseWithRoles(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		want := usersWithRoles(300)
		bad := want.Users[123].Key
		srv := permittest.New(permittest.Options{Poison: map[string]int{bad: 422}})
		got := load(t.Context(), srv, linesFor(want))
		wantReport(t, got, tool.Rejected)
		if diff := cmp.Diff([]string{bad}, rejectedKeys(t, got.stdout)); diff != "" {
			t.Errorf("stdout (-want +got):\n%s", diff)
		}
		isBad := func(a permittest.Assignment) bool { return a.User == bad }
		wantAssignments(t, srv, slices.DeleteFunc(want.Assignments, isBad))
	})
}

// The first batch shows whether a write of a user clears its roles. If it does not, later
// batches are sampled.
func TestLaterBatchesAreSampled(t *testing.T) {
	t.Parallel()
	for effect, answer := range map[permittest.Effect]string{permittest.Keep: "keeps", permittest.Clear: "clears"} {
		t.Run(answer, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				have := usersWithRoles(6001)
				for i := range have.Assignments { // made by hand: the input does not name them
					have.Assignments[i].ResourceInstance = fmt.Sprint("doc:", i)
				}
				srv := permittest.New(permittest.Options{PutAssignments: effect})
				srv.Seed(have)
				input := have
				input.Assignments, input.Users = nil, slices.Clone(have.Users)
				for i := range input.Users {
					input.Users[i].LastName = "Lee"
				}
				got := load(t.Context(), srv, linesFor(input))
				wantReport(t, got, tool.Done)
				input.Assignments = have.Assignments
				wantState(t, srv, input)
				if got.report.found.PutOfUser != answer {
					t.Errorf("found out %+v", got.report.found)
				}
				// Before the write, two of the three batches take ten calls each, by
				// listing all assignments. After it, the first takes as many, and a later
				// one takes one.
				looks, most := countCalls(srv, "GET F/role_assignments"), 2*11+11+1+2
				if effect == permittest.Keep && looks > most {
					t.Errorf("%d looks at role assignments, want at most %d", looks, most)
				}
			})
		})
	}
}

// Findings are said at -v, and are in the summary.
func TestFindingsAreTold(t *testing.T) {
	t.Parallel()
	srv := permittest.New(permittest.Options{DuplicateEmail: 409})
	srv.Seed(permittest.State{Roles: threeRoles()})
	want := usersWithEmails("a=x b=x")
	want.Assignments = roleAssignments("a Admin default")
	file := filepath.Join(t.TempDir(), "summary.json")
	got := run(t, srv, linesFor(want), "-v", "--summary", file)
	wantExit(t, got, tool.Rejected,
		`"roles sent with new users are"=honoured`, `"an email that another user has is"=refused`)
	var sum struct {
		Found apply.Findings `json:"found_out"`
	}
	decodeJSON(t, []byte(readFile(t, file)), &sum)
	if sum.Found != (apply.Findings{SharedEmail: "refused", RolesOfUsers: "honoured"}) {
		t.Errorf("%+v", sum)
	}
}

// A dry run estimates both: roles along with new users, and roles in calls of their own.
func TestEstimateSaysBothWays(t *testing.T) {
	t.Parallel()
	var input strings.Builder
	for i := range 4000 {
		fmt.Fprintf(&input, `{"type":"user","key":"u%d","role_assignments":[{"role":"Admin"}]}`+"\n", i)
	}
	for create, says := range map[string]string{
		"yes": "it takes 2 bulk calls and no wait for Permit's rate limits; " +
			"if Permit does not take roles along with new users, 4 bulk calls and no wait for Permit's rate limits",
		// nobody gets a missing role
		"no": "permitload: it takes 2 bulk calls and no wait for Permit's rate limits\n",
	} {
		got := run(t, permittest.New(permittest.Options{}), input.String()+endLine, "--dry-run", "--create-missing", create)
		wantExit(t, got, tool.Done, says)
	}
}
