package permitload

import (
	"bytes"
	"fmt"
	"io"
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

// An email belongs to one user at a time. Who gives it up is written before
// who takes it; who cannot have it comes out.
func TestEmailBelongsToOneUser(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, have, want, then string
		left                   []string
	}{
		{"two lines want one", "", "a=x b=x", "a=x", []string{"b duplicate_email"}},
		{"but for case", "", "a=x b=X", "a=x", []string{"b duplicate_email"}},
		{"another in Permit has it", "zoe=x", "a=x b=y", "b=y zoe=x", []string{"a duplicate_email"}},
		{"who has it keeps it", "b=x", "a=x b=x", "b=x", []string{"a duplicate_email"}},
		{"a line without one leaves it", "b=x", "a=x b=", "b=x", []string{"a duplicate_email"}},
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
				srv := permittest.New(permittest.Options{})
				srv.Seed(usersWithEmails(tt.have))
				got := load(t.Context(), srv, linesFor(usersWithEmails(tt.want)))
				code := tool.Done
				if tt.left != nil {
					code = tool.Rejected
				}
				wantCode(t, got, code)
				wantState(t, srv, usersWithEmails(tt.then))
				if diff := cmp.Diff(tt.left, rejectedCodes(t, got.out)); diff != "" {
					t.Errorf("stdout (-want +got):\n%s", diff)
				}
				if n := countWrites(srv); tt.left == nil && n != 1 {
					t.Errorf("%d writes, want one bulk call", n)
				}
				before := countWrites(srv)
				wantCode(t, load(t.Context(), srv, linesFor(usersWithEmails(tt.want))), code)
				if n := countWrites(srv) - before; n > 0 {
					t.Errorf("a second load made %d writes", n)
				}
			})
		})
	}
}

// Who gives up goes first over the bounds of batches, too.
func TestEmailsMoveAcrossBatches(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		srv := permittest.New(permittest.Options{Caps: permittest.Caps{Users: 5}, Oversize: 413})
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

// Users who pass their emails round in a ring cannot be written one after the
// other. Where Permit refuses, they come out with its words; nobody is given an
// email that no line asks for, and the others are loaded.
func TestSwappedEmailsAreRejected(t *testing.T) {
	t.Parallel()
	for name, o := range map[string]permittest.Options{
		"409": {}, "422": {LowerEmails: true, DuplicateEmail: 422},
		"assignments are cleared": {PutOmitted: permittest.Keep, PutAssignments: permittest.Clear},
		"small batches":           {Caps: permittest.Caps{Users: 2}, Oversize: 413},
	} {
		for _, ring := range []struct{ have, want, then, left string }{
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
					have.Assignments = []permittest.Assignment{{User: "a", Role: "r", Tenant: "default"}}
					then.Roles, then.Assignments = have.Roles, have.Assignments
					srv.Seed(have)
					got := load(t.Context(), srv, linesFor(usersWithEmails(ring.want)))
					wantCode(t, got, tool.Rejected)
					wantState(t, srv, then)
					var left []string
					for _, l := range rejectedLines(t, got.out) {
						left = append(left, fmt.Sprint(l.Key))
						if l.Error.Status == 0 || l.Error.Message == "" {
							t.Errorf("%v comes out without Permit's words: %+v", l.Key, l.Error)
						}
					}
					slices.Sort(left)
					if diff := cmp.Diff(strings.Fields(ring.left), left); diff != "" {
						t.Errorf("stdout (-want +got):\n%s", diff)
					}
				})
			})
		}
	}
}

// A ring of emails with a member who is not loaded is left as it is.
func TestRingWithAMemberNotLoadedIsLeftAlone(t *testing.T) {
	t.Parallel()
	refuseB := func(r *http.Request) httpapitest.Fault {
		body, _ := io.ReadAll(r.Body)
		r.Body = io.NopCloser(bytes.NewReader(body))
		if r.Method == http.MethodPut && bytes.Contains(body, []byte(`"key":"b"`)) {
			return httpapitest.Fault{Status: 422, Body: `{"detail":"attributes"}`}
		}
		return httpapitest.Fault{}
	}
	twin := `{"type":"user","key":"b","email":"q@acme.example"}` + "\n"
	for name, tt := range map[string]struct {
		input  string
		writes int
		faults func(*http.Request) httpapitest.Fault
	}{
		"a member has two lines":    {strings.TrimSuffix(linesFor(usersWithEmails("a=y b=x")), endLine) + twin + endLine, 0, nil},
		"another wants their email": {linesFor(usersWithEmails("c=y a=y b=x")), 0, nil},
		"a member is refused":       {linesFor(usersWithEmails("a=y b=x")), -1, refuseB},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				srv := permittest.New(permittest.Options{Faults: tt.faults})
				have := usersWithEmails("a=x b=y")
				srv.Seed(have)
				wantCode(t, load(t.Context(), srv, tt.input), tool.Rejected)
				wantState(t, srv, have)
				if n := countWrites(srv); tt.writes >= 0 && n != tt.writes {
					t.Errorf("%d writes", n)
				}
			})
		})
	}
}

// Who cannot have the email of its line is loaded without, or with the one it
// has.
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
			srv := permittest.New(permittest.Options{})
			srv.Seed(usersWithEmails(tt.have))
			input := linesFor(usersWithEmails(tt.want))
			wantExit(t, run(t, srv, input, "--duplicate-email", "drop"), tool.Done, "loaded without email")
			wantState(t, srv, usersWithEmails(tt.then))
			before := countWrites(srv)
			wantExit(t, run(t, srv, input, "--duplicate-email", "drop"), tool.Done)
			if n := countWrites(srv) - before; n != 0 {
				t.Errorf("%d writes the second time", n)
			}
		})
	}
}
