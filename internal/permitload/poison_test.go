package permitload

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"a0permit/internal/httpapi/httpapitest"
	"a0permit/internal/permit/permittest"
	"a0permit/internal/tool"
)

// poisonedBy returns faults for a server: each write that names one of these meets
// the status.
func poisonedBy(status int, keys ...string) func(*http.Request) httpapitest.Fault {
	return func(r *http.Request) httpapitest.Fault {
		body, _ := io.ReadAll(r.Body)
		r.Body = io.NopCloser(bytes.NewReader(body))
		isNamed := func(name string) bool {
			return bytes.Contains(body, []byte(`"`+name+`"`)) || strings.HasSuffix(r.URL.Path, "/"+name)
		}
		if r.Method != http.MethodGet && slices.ContainsFunc(keys, isNamed) {
			return httpapitest.Fault{Status: status, Body: "<html>"}
		}
		return httpapitest.Fault{}
	}
}

// A record that Permit fails to answer keeps out itself, and nobody else. The others
// do not wait for it long.
func TestPoisonRecordKeepsNobodyElseOut(t *testing.T) {
	t.Parallel()
	for _, status := range []int{500, 502, 504, 501, 403, 405, 410, 451} {
		t.Run(strconv.Itoa(status), func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				want, input := bareUsers(1000)
				srv := permittest.New(permittest.Options{Faults: poisonedBy(status, "u000567")})
				began := time.Now()
				got := load(t.Context(), srv, input)
				wantReport(t, got, tool.Rejected, "users: 1,000 in = 999 loaded + 0 unchanged + 1 not loaded")
				if diff := cmp.Diff([]string{"u000567"}, rejectedKeys(t, got.stdout)); diff != "" {
					t.Errorf("stdout (-want +got):\n%s", diff)
				}
				want.Users = slices.DeleteFunc(want.Users, func(u permittest.User) bool { return u.Key == "u000567" })
				wantState(t, srv, want)
				if n := countBulkCalls(srv); n > 10+3*5 {
					t.Errorf("%d bulk calls", n)
				}
				if took := time.Since(began); took > 5*time.Minute {
					t.Errorf("it took %s", took)
				}
			})
		})
	}
}

// The same with a role assignment: its user comes out.
func TestPoisonAssignmentKeepsItsUserOut(t *testing.T) {
	t.Parallel()
	for _, status := range []int{500, 451} {
		synctest.Test(t, func(t *testing.T) {
			want := usersWithRoles(300)
			holder := want.Assignments[100].User
			isHolders := func(a permittest.Assignment) bool { return a.User == holder }
			atAssignments := poisonedBy(status, holder)
			srv := permittest.New(permittest.Options{Faults: func(r *http.Request) httpapitest.Fault {
				if strings.HasPrefix(shortRequest(r), "POST F/role_assignments") {
					return atAssignments(r)
				}
				return httpapitest.Fault{}
			}})
			got := load(t.Context(), srv, linesFor(want))
			wantReport(t, got, tool.Rejected)
			if diff := cmp.Diff([]string{holder}, rejectedKeys(t, got.stdout)); diff != "" {
				t.Errorf("stdout (-want +got):\n%s", diff)
			}
			wantAssignments(t, srv, slices.DeleteFunc(want.Assignments, isHolders))
		})
	}
}

// While nothing else succeeds either, a failing call is no fault of what it holds.
func TestNobodyIsRejectedWhileAllFails(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		failing := false
		srv := permittest.New(permittest.Options{Faults: func(r *http.Request) httpapitest.Fault {
			if failing = failing || shortRequest(r) == "PUT F/bulk/users"; failing {
				return httpapitest.Fault{Status: 500}
			}
			return httpapitest.Fault{}
		}})
		_, input := bareUsers(100)
		got := load(t.Context(), srv, input)
		wantReport(t, got, tool.Stopped)
		if n := countCalls(srv, "PUT F/users"); n > 0 || got.stdout != "" {
			t.Errorf("%d calls for single users, stdout %s", n, got.stdout)
		}
	})
}

// named returns the answer with which Permit refuses the item at a place of a batch.
func named(place int) httpapitest.Fault {
	return httpapitest.Fault{Status: 422, Body: fmt.Sprintf(
		`{"detail":[{"loc":["body","operations",%d,"email"],"msg":"not an email","type":"value_error"}]}`, place)}
}

// refusing returns faults for a server that refuses users, and names of a batch the
// place that name returns, which is told the places of those that it refuses.
func refusing(refused []string, name func(places []int) int) func(*http.Request) httpapitest.Fault {
	return func(r *http.Request) httpapitest.Fault {
		body, _ := io.ReadAll(r.Body)
		r.Body = io.NopCloser(bytes.NewReader(body))
		var batch struct {
			Key        string
			Operations []struct{ Key string }
		}
		if r.Method != http.MethodPut || json.Unmarshal(body, &batch) != nil {
			return httpapitest.Fault{}
		}
		if slices.Contains(refused, batch.Key) {
			return httpapitest.Fault{Status: 422, Body: `{"detail":"not an email"}`}
		}
		var places []int
		for i, one := range batch.Operations {
			if slices.Contains(refused, one.Key) {
				places = append(places, i)
			}
		}
		if len(places) == 0 {
			return httpapitest.Fault{}
		}
		return named(name(places))
	}
}

// A 422 may name one item of several, or always the first of the batch whoever is
// at fault. That costs neither a bulk call a record nor anybody who is innocent.
func TestNamesOfOneItem(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name    string
		names   func(places []int) int
		refused int
		bulk    int // calls, at most
	}{
		{"the first at fault", func(places []int) int { return places[0] }, 12, 100},
		{"the only one at fault", func(places []int) int { return places[0] }, 1, 2},
		{"always item 0", func([]int) int { return 0 }, 12, 100},
		{"always item 0, of one at fault", func([]int) int { return 0 }, 1, 13},
		{"one that is not there", func([]int) int { return 100_000 }, 1, 13},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				want, input := bareUsers(1000)
				var refused []string
				for i := range tt.refused {
					refused = append(refused, want.Users[60+i*80].Key)
				}
				srv := permittest.New(permittest.Options{Faults: refusing(refused, tt.names)})
				got := load(t.Context(), srv, input)
				wantReport(t, got, tool.Rejected)
				if diff := cmp.Diff(refused, rejectedKeys(t, got.stdout)); diff != "" {
					t.Errorf("stdout (-want +got):\n%s", diff)
				}
				want.Users = slices.DeleteFunc(want.Users, func(u permittest.User) bool { return slices.Contains(refused, u.Key) })
				wantState(t, srv, want)
				if n := countBulkCalls(srv); n > tt.bulk {
					t.Errorf("%d bulk calls, want at most %d", n, tt.bulk)
				}
			})
		})
	}
}

// Many in a row who are refused alike are no reason to keep out the others: one who
// is far from them tells.
func TestManyRefusedAlikeInARow(t *testing.T) {
	t.Parallel()
	for _, at := range []int{0, 300, 900} {
		synctest.Test(t, func(t *testing.T) {
			want, input := bareUsers(1000)
			var refused []string
			for _, u := range want.Users[at : at+100] {
				refused = append(refused, u.Key)
			}
			srv := permittest.New(permittest.Options{Faults: func(r *http.Request) httpapitest.Fault {
				fault := refusing(refused, func([]int) int { return 0 })(r)
				if fault.Status != 0 {
					fault.Status, fault.Body = 400, `{"error_code":"INVALID_INPUT","message":"no"}`
				}
				return fault
			}})
			got := load(t.Context(), srv, input)
			wantReport(t, got, tool.Rejected, "users: 1,000 in = 900 loaded + 0 unchanged + 100 not loaded")
			if diff := cmp.Diff(refused, rejectedKeys(t, got.stdout)); diff != "" {
				t.Errorf("stdout (-want +got):\n%s", diff)
			}
		})
	}
}
