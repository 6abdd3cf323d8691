package permitload

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/google/go-cmp/cmp"

	"a0permit/internal/httpapi/httpapitest"
	"a0permit/internal/permit/permittest"
	"a0permit/internal/tool"
)

// If Permit refuses an email that another user has, users who give one up are written
// before those who take it, and a user who cannot have it is rejected.
func TestEmailBelongsToOneUser(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, have, want, then string
		rejected               []string
	}{
		{"two lines want one", "", "a=x b=x", "a=x", []string{"b DUPLICATE_ENTITY"}},
		{"but for case", "", "a=x b=X", "a=x", []string{"b DUPLICATE_ENTITY"}},
		{"another in Permit has it", "zoe=x", "a=x b=y", "b=y zoe=x", []string{"a DUPLICATE_ENTITY"}},
		{"who has it keeps it", "b=x", "a=x b=x", "b=x", []string{"a DUPLICATE_ENTITY"}},
		{"a line without one leaves it", "b=x", "a=x b=", "b=x", []string{"a DUPLICATE_ENTITY"}},
		{"given up by a later line", "b=x", "a=x b=y", "a=x b=y", nil},
		{"given up by an earlier line", "a=x", "a=y b=x", "a=y b=x", nil},
		{"given up by whoever takes another's", "b=x c=y", "a=x b=y c=z", "a=x b=y c=z", nil},
		{"the other way round", "a=x b=y", "a=y b=z c=x", "a=y b=z c=x", nil},
		{"a long chain", "a=1 b=2 c=3 d=4 e=5", "a=2 b=3 c=4 d=5 e=6", "a=2 b=3 c=4 d=5 e=6", nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				srv := permittest.New(permittest.Options{DuplicateEmail: 409})
				srv.Seed(usersWithEmails(tt.have))
				got := load(t.Context(), srv, linesFor(usersWithEmails(tt.want)))
				code := tool.Done
				if tt.rejected != nil {
					code = tool.Rejected
				}
				wantReport(t, got, code)
				wantState(t, srv, usersWithEmails(tt.then))
				wantRejected(t, got, tt.rejected...)
				if n := countWrites(srv); tt.rejected == nil && n != 1 {
					t.Errorf("%d writes, want one bulk call", n)
				}
				wantNoWrites(t, srv, func() {
					wantReport(t, load(t.Context(), srv, linesFor(usersWithEmails(tt.want))), code)
				})
			})
		})
	}
}

// This holds across batches, too.
func TestEmailsMoveAcrossBatches(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		srv := permittest.New(permittest.Options{DuplicateEmail: 409, Caps: permittest.Caps{Users: 5}, Oversize: 413})
		var have, want []string
		for i := range 40 {
			have = append(have, fmt.Sprintf("u%02d=%d", i, i))
			want = append(want, fmt.Sprintf("u%02d=%d", i, i+1))
		}
		srv.Seed(usersWithEmails(strings.Join(have, " ")))
		next := usersWithEmails(strings.Join(want, " "))
		wantLoaded(t, srv, linesFor(next), next)
	})
}

// Users who swap their emails cannot be written one after the other. They are rejected
// with Permit's words. The others are loaded, and no user gets an email that no line asks
// for.
func TestSwappedEmailsAreRejected(t *testing.T) {
	t.Parallel()
	for name, o := range map[string]permittest.Options{
		"409":                     {DuplicateEmail: 409},
		"422":                     {DuplicateEmail: 422, LowerEmails: true},
		"assignments are cleared": {DuplicateEmail: 409, PutOmitted: permittest.Keep, PutAssignments: permittest.Clear},
		"small batches":           {DuplicateEmail: 409, Caps: permittest.Caps{Users: 2}, Oversize: 413},
	} {
		for _, ring := range []struct{ have, want, then, rejected string }{
			{"a=x b=y", "a=y b=x c=z", "a=x b=y c=z", "a b"},
			{"a=1 b=2 c=3", "a=2 b=3 c=1", "a=1 b=2 c=3", "a b c"},
			{"a=1 b=2 c=3 d=4 e=5", "a=2 b=1 c=4 d=3 e=6", "a=1 b=2 c=3 d=4 e=6", "a b c d"},
			{"a=1 b=2 c=3", "a=9 b=3 c=2 d=1", "a=9 b=2 c=3 d=1", "b c"},
		} {
			t.Run(name+" "+ring.want, func(t *testing.T) {
				t.Parallel()
				synctest.Test(t, func(t *testing.T) {
					srv := permittest.New(o)
					have, then := usersWithEmails(ring.have), usersWithEmails(ring.then)
					have.Roles = []permittest.Role{{Key: "r", Name: "r"}}
					have.Assignments = roleAssignments("a r default")
					then.Roles, then.Assignments = have.Roles, have.Assignments
					srv.Seed(have)
					got := load(t.Context(), srv, linesFor(usersWithEmails(ring.want)))
					wantReport(t, got, tool.Rejected)
					wantState(t, srv, then)
					for _, l := range rejectedLines(t, got.stdout) {
						if l.Error.Status == 0 || l.Error.Message == "" {
							t.Errorf("%v comes out without Permit's words: %+v", l.Key, l.Error)
						}
					}
					rejected := rejectedKeys(t, got.stdout)
					slices.Sort(rejected)
					if diff := cmp.Diff(strings.Fields(ring.rejected), rejected); diff != "" {
						t.Errorf("stdout (-want +got):\n%s", diff)
					}
				})
			})
		}
	}
}

// Emails are not swapped if one of the users is not loaded.
func TestSwapWithARejectedUserIsLeftAlone(t *testing.T) {
	t.Parallel()
	refuseB := func(r *http.Request) httpapitest.Fault {
		if r.Method == http.MethodPut && strings.Contains(bodyOf(r), `"key":"b"`) {
			return httpapitest.Fault{Status: 422, Body: `{"detail":"attributes"}`}
		}
		return httpapitest.Fault{}
	}
	swap := usersWithEmails("a=y b=x")
	otherLineOfB := lines(`{"type":"user","key":"b","email":"q@acme.example"}`)
	for name, tt := range map[string]struct {
		input  string
		writes int // that Permit refuses; -1 is any number
		faults func(*http.Request) httpapitest.Fault
	}{
		"a member has two lines":    {linesWithoutEnd(swap) + otherLineOfB + endLine, 1, nil},
		"another wants their email": {linesFor(usersWithEmails("c=y a=y b=x")), 3, nil},
		"a member is refused":       {linesFor(swap), -1, refuseB},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				srv := permittest.New(permittest.Options{DuplicateEmail: 409, Faults: tt.faults})
				have := usersWithEmails("a=x b=y")
				srv.Seed(have)
				wantReport(t, load(t.Context(), srv, tt.input), tool.Rejected)
				wantState(t, srv, have)
				if n := countWrites(srv); tt.writes >= 0 && n != tt.writes {
					t.Errorf("%d writes", n)
				}
			})
		})
	}
}

// With --duplicate-email drop, a user who cannot have the email of its line is loaded
// without it, and keeps the email it has.
func TestDuplicateEmailIsDropped(t *testing.T) {
	t.Parallel()
	tests := []struct{ name, have, want, then string }{
		{"two lines", "", "a=x b=x", "a=x b="},
		{"another in Permit has it", "zoe=x", "a=x b=y", "a= b=y zoe=x"},
		{"who has one keeps it", "a=1 zoe=x", "a=x", "a=1 zoe=x"},
		{"and nobody gets that one", "a=1 zoe=x", "a=x b=1", "a=1 b= zoe=x"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			srv := permittest.New(permittest.Options{DuplicateEmail: 409})
			srv.Seed(usersWithEmails(tt.have))
			input := linesFor(usersWithEmails(tt.want))
			wantExit(t, run(t, srv, input, "--duplicate-email", "drop"), tool.Done, "loaded without email")
			wantState(t, srv, usersWithEmails(tt.then))
			wantNoWrites(t, srv, func() {
				wantExit(t, run(t, srv, input, "--duplicate-email", "drop"), tool.Done)
			})
		})
	}
}

// A user of whom only the email would change still gets its roles.
func TestDroppedEmailsLeaveRoles(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		srv := permittest.New(permittest.Options{DuplicateEmail: 409})
		srv.Seed(usersWithEmails("a=1 zoe=x"))
		want := usersWithEmails("a=x")
		want.Roles, want.Assignments = threeRoles(), roleAssignments("a Admin default")
		got := load(t.Context(), srv, linesFor(want), thenVerify, func(c *loadSettings) { c.dropEmail = true })
		wantReport(t, got, tool.Done)
		wantAssignments(t, srv, want.Assignments)
	})
}
