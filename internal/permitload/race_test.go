package permitload

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
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
	"a0permit/internal/permitload/ledger"
	"a0permit/internal/tool"
)

// before answers calls as srv does, each after do has looked at it.
func before(srv http.Handler, do func(r *http.Request, call string)) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		do(r, abbreviated(r.Method, r.URL.EscapedPath()))
		srv.ServeHTTP(w, r)
	})
}

// A ring of emails with a member who is not loaded is left as it is.
func TestRingsThatCannotBe(t *testing.T) {
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
		"a member has two lines":    {strings.TrimSuffix(records(people("a=y b=x")), end) + twin + end, 0, nil},
		"another wants their email": {records(people("c=y a=y b=x")), 0, nil},
		"a member is refused":       {records(people("a=y b=x")), -1, refuseB},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				srv := permittest.New(permittest.Options{Faults: tt.faults})
				have := people("a=x b=y")
				srv.Seed(have)
				wantCode(t, bring(t.Context(), srv, tt.input), tool.Rejected)
				wantState(t, srv, have)
				if n := writes(srv); tt.writes >= 0 && n != tt.writes {
					t.Errorf("%d writes", n)
				}
			})
		})
	}
}

// A bulk write may take effect late, and with it what it clears.
func TestPutBackLate(t *testing.T) {
	t.Parallel()
	for _, lag := range []time.Duration{10 * time.Second, 30 * time.Second} {
		synctest.Test(t, func(t *testing.T) {
			srv, input, held := clearing(8, nil)
			late := permittest.New(permittest.Options{PutAssignments: permittest.Clear, Lag: lag})
			late.Seed(srv.State())
			got := bring(t.Context(), late, input, func(c *loadSettings) { c.verifies = true })
			wantBrought(t, got, tool.Done, fmt.Sprintf("%d role assignments put back", len(held)))
			time.Sleep(time.Minute)
			if diff := cmp.Diff(held, late.State().Assignments); diff != "" {
				t.Errorf("assignments (-want +got):\n%s", diff)
			}
		})
	}
}

// What cannot be put back comes out, and is made when it is fed again.
func TestStoppedBeforePutBack(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		written, revoked := false, true
		srv, input, held := clearing(5, func(r *http.Request) httpapitest.Fault {
			if written && revoked {
				return httpapitest.Fault{Status: 401}
			}
			written = written || r.Method == http.MethodPut
			return httpapitest.Fault{}
		})
		got := bring(t.Context(), srv, input)
		wantBrought(t, got, tool.Stopped, "users: 5 in = 0 loaded + 0 unchanged + 5 not loaded")
		revoked = false
		wantCode(t, bring(t.Context(), srv, got.out), tool.Done)
		if diff := cmp.Diff(held, srv.State().Assignments); diff != "" {
			t.Errorf("assignments (-want +got):\n%s", diff)
		}
	})
}

// What others do while a load runs.
func TestMeanwhile(t *testing.T) {
	t.Parallel()
	t.Run("an assignment goes while they are listed", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			srv := permittest.New(permittest.Options{Envelopes: true})
			want := crowd(2000)
			srv.Seed(want)
			met := false
			got := bring(t.Context(), before(srv, func(r *http.Request, call string) {
				if call == "GET F/role_assignments" && r.URL.Query().Get("page") == "2" && !met {
					met = true
					deleted(t, srv, facts+"/users/auth0%7C000001")
				}
			}), records(want))
			wantCode(t, got, tool.Done)
		})
	})
	t.Run("a user goes before its assignments are asked for", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			srv := permittest.New(permittest.Options{UnknownFilter: 404})
			want := crowd(40)
			have := permittest.State{Roles: want.Roles}
			for _, u := range want.Users {
				have.Users = append(have.Users, permittest.User{Key: u.Key, FirstName: "Old"})
			}
			srv.Seed(have)
			met := false
			got := bring(t.Context(), before(srv, func(_ *http.Request, call string) {
				if call == "GET F/role_assignments" && !met {
					met = true
					deleted(t, srv, facts+"/users/auth0%7C000003")
				}
			}), records(want))
			wantCode(t, got, tool.Done)
			wantState(t, srv, want)
		})
	})
	t.Run("a role is given again after the input was true", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			srv := permittest.New(permittest.Options{})
			have := office("ann admin default")
			srv.Seed(have)
			time.Sleep(time.Hour)
			asOf, met := time.Now(), false
			input := orgDefault + roleLines + annNothing + `{"type":"user","key":"bob","first_name":"Bob"}` + "\n" + endAt(asOf)
			got := bring(t.Context(), before(srv, func(r *http.Request, _ string) {
				if r.Method == http.MethodPut && !met {
					met = true
					q := httptest.NewRequestWithContext(t.Context(), http.MethodDelete, facts+"/role_assignments", strings.NewReader(`{"user":"ann","role":"admin","tenant":"default"}`))
					q.Header.Set("Authorization", "Bearer "+permittest.DefaultKey)
					q.Header.Set("Content-Type", "application/json")
					srv.ServeHTTP(discard{}, q)
					time.Sleep(time.Minute)
					srv.Seed(permittest.State{Assignments: assigned("ann admin default")})
				}
			}), input, func(c *loadSettings) { c.replaceRoles = true })
			wantCode(t, got, tool.Done)
			if n := len(srv.State().Assignments); n != 1 {
				t.Errorf("%d assignments", n)
			}
		})
	})
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

// 409 on a resource instance of another tenant is no yes.
func TestInstanceOfAnotherTenant(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		srv := permittest.New(permittest.Options{})
		have := office("bob admin org")
		have.Assignments[0].ResourceInstance = "doc:1"
		srv.Seed(have)
		input := `{"type":"user","key":"ann","role_assignments":[{"role":"admin","tenant":"default","resource_instance":"doc:1"}]}` + "\n" +
			`{"type":"user","key":"bob","role_assignments":[{"role":"admin","resource_instance":"doc:1"}]}` + "\n" + end
		got := bring(t.Context(), srv, input)
		wantCode(t, got, tool.Rejected)
		if diff := cmp.Diff([]string{"ann"}, leftKeys(t, got.out)); diff != "" {
			t.Errorf("stdout (-want +got):\n%s", diff)
		}
	})
}

func leftKeys(t *testing.T, out string) []string {
	t.Helper()
	var keys []string
	for _, l := range leftLines(t, out) {
		keys = append(keys, fmt.Sprint(l.Key))
	}
	return keys
}

// One record that is too large costs a few calls and not the size of all.
func TestOneThatIsTooLarge(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		srv := permittest.New(permittest.Options{MaxBody: 1 << 20})
		_, input := plain(9000)
		input = strings.Replace(input, `"key":"u000007",`, `"key":"u000007","attributes":{"x":"`+strings.Repeat("y", 1<<20)+`"},`, 1)
		got := bring(t.Context(), srv, input)
		wantCode(t, got, tool.Rejected)
		if n := bulkCalls(srv); n > 25 || len(srv.State().Users) != 8999 {
			t.Errorf("%d bulk calls, %d users", n, len(srv.State().Users))
		}
	})
}

// A pause that is longer than --max-wait is not begun.
func TestLongPause(t *testing.T) {
	t.Parallel()
	for call, left := range map[string]int{"PUT F/bulk/users": 0, "POST F/role_assignments/bulk": 7} {
		synctest.Test(t, func(t *testing.T) {
			srv := permittest.New(permittest.Options{Faults: struck(call, httpapitest.Fault{Status: 429, RetryAfter: 20 * time.Hour}, 1, 2, 3)})
			srv.Seed(permittest.State{Roles: crowd(0).Roles})
			began := time.Now()
			got := bring(t.Context(), srv, records(crowd(10)))
			wantCode(t, got, tool.Stopped)
			if took := time.Since(began); took > 2*time.Hour {
				t.Errorf("waited %s", took)
			}
			if n := len(leftLines(t, got.out)); n != left {
				t.Errorf("%d lines left, want %d", n, left)
			}
		})
	}
}

// A lost answer, and a list that shows late what was made: no call more.
func TestLostAnswerAndLateList(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		srv := permittest.New(permittest.Options{AssignmentLag: 20 * time.Second, Faults: struck("POST F/role_assignments/bulk", httpapitest.Fault{Lose: true}, 1)})
		want := crowd(1334)
		wantCode(t, bring(t.Context(), srv, records(want)), tool.Done)
		wantState(t, srv, want)
		if bulk := calls(srv, "POST F/role_assignments/bulk"); bulk > 3 || calls(srv, "POST F/role_assignments") > bulk {
			t.Errorf("%d bulk calls, and %d in all", bulk, calls(srv, "POST F/role_assignments"))
		}
	})
}

// Verify is patient, however long a look takes.
func TestVerifyOfALongList(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		srv := permittest.New(permittest.Options{Lag: 20 * time.Second})
		want := crowd(24)
		have := permittest.State{Roles: want.Roles}
		for _, u := range want.Users[:12] {
			have.Users = append(have.Users, permittest.User{Key: u.Key, FirstName: "Old"})
		}
		srv.Seed(have)
		put := false
		got := bring(t.Context(), before(srv, func(r *http.Request, call string) {
			put = put || r.Method == http.MethodPut
			if put && call == "GET F/role_assignments" && !r.URL.Query().Has("user") {
				time.Sleep(61 * time.Second)
			}
		}), records(want), func(c *loadSettings) { c.verifies = true })
		wantCode(t, got, tool.Done)
	})
}

// New users in a large environment: nobody asks who holds what.
func TestNewUsersInALargeEnvironment(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		srv := permittest.New(permittest.Options{})
		srv.Seed(crowd(6000))
		var input strings.Builder
		for i := range 100 {
			fmt.Fprintf(&input, `{"type":"user","key":"n%d","role_assignments":[{"role":"Admin"}]}`+"\n", i)
		}
		wantCode(t, bring(t.Context(), srv, input.String()+end), tool.Done)
		if n := calls(srv, "GET F/role_assignments"); n > 0 {
			t.Errorf("%d lists of role assignments", n)
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

// A key that happens to be Permit's own id of another user is not that user.
func TestIDsAreNoKeys(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		srv := permittest.New(permittest.Options{})
		have := people("ann=a bob=b")
		srv.Seed(have)
		answer := httptest.NewRecorder()
		q := httptest.NewRequestWithContext(t.Context(), http.MethodGet, facts+"/users/ann", http.NoBody)
		q.Header.Set("Authorization", "Bearer "+permittest.DefaultKey)
		srv.ServeHTTP(answer, q)
		var ann struct{ ID string }
		unmarshal(t, answer.Body.Bytes(), &ann)
		got := remove(t.Context(), srv, `{"type":"user","key":"`+ann.ID+`"}`+"\n"+end)
		wantCode(t, got, tool.Done)
		wantState(t, srv, have)
	})
}

// A first write whose answer is lost has been made, for all that is known.
func TestFirstAnswerLostThenRevoked(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		puts := 0
		srv := permittest.New(permittest.Options{Faults: func(r *http.Request) httpapitest.Fault {
			if r.Method != http.MethodPut {
				return httpapitest.Fault{}
			}
			if puts++; puts == 1 {
				return httpapitest.Fault{Lose: true}
			}
			return httpapitest.Fault{Status: 401}
		}})
		_, input := plain(10)
		got := bring(t.Context(), srv, input)
		wantBrought(t, got, tool.Stopped, "users: 10 in = 0 loaded + 0 unchanged + 10 not loaded")
		if n := len(leftLines(t, got.out)); n != 10 {
			t.Errorf("%d lines left", n)
		}
	})
}

// The summary's counts add up, also where nothing was written.
func TestSummaryAddsUp(t *testing.T) {
	t.Parallel()
	_, input := plain(10)
	for name, set := range map[string]func(*loadSettings){"dry run": func(c *loadSettings) { c.dryRun = true }, "refused": func(c *loadSettings) { c.createMissing = "ask" }} {
		synctest.Test(t, func(t *testing.T) {
			srv := permittest.New(permittest.Options{})
			got := bring(t.Context(), srv, `{"type":"role","key":"r"}`+"\n"+input, set)
			data, err := got.report.MarshalJSON()
			if err != nil {
				t.Fatal(err)
			}
			var sum struct{ Users, Roles ledger.Tally }
			unmarshal(t, data, &sum)
			if sum.Users.NotLoaded != 10 || sum.Roles.NotLoaded != 1 {
				t.Errorf("%s: %s", name, data)
			}
		})
	}
}

// A dry run's summary says what is as it should be.
func TestSummaryOfADryRun(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		srv := permittest.New(permittest.Options{})
		have := crowd(12)
		have.Tenants = append(have.Tenants, permittest.Tenant{Key: "org_1", Name: "Acme"}, permittest.Tenant{Key: "org_2", Name: "Big"})
		srv.Seed(have)
		input := have
		input.Users[1].FirstName, input.Tenants[1].Name = "Anne", "Acme Inc"
		got := bring(t.Context(), srv, records(input)+`{"type":"role","key":"Admin"}`+"\n", func(c *loadSettings) { c.dryRun = true })
		wantCode(t, got, tool.Done)
		data, err := got.report.MarshalJSON()
		if err != nil {
			t.Fatal(err)
		}
		var sum struct {
			DryRun                bool `json:"dry_run"`
			Users, Roles, Tenants ledger.Tally
		}
		unmarshal(t, data, &sum)
		want := []ledger.Tally{{In: 12, Unchanged: 11, NotLoaded: 1}, {In: 4, Unchanged: 3, Repeated: 1}, {In: 2, Unchanged: 1, NotLoaded: 1}}
		if diff := cmp.Diff(want, []ledger.Tally{sum.Users, sum.Roles, sum.Tenants}); diff != "" || !sum.DryRun {
			t.Errorf("(-want +got):\n%s", diff)
		}
	})
}

// What an earlier run has written down is not lost to a later one.
func TestRemovedIsKept(t *testing.T) {
	t.Parallel()
	srv := permittest.New(permittest.Options{})
	have := office("ann admin default", "bob viewer org")
	srv.Seed(have)
	before := srv.State()
	path := filepath.Join(t.TempDir(), "removed.jsonl")
	input := annNothing + `{"type":"user","key":"bob"}` + "\n" + end
	args := []string{"remove", "--yes", "--remove-limit", "100", "--removed", path}
	wantRun(t, run(t, srv, input, args...), tool.Done)
	wantRun(t, run(t, srv, input, args...), tool.Done, "--removed: what was in "+path+" is now in "+path+".1")
	wantRun(t, run(t, srv, input, args...), tool.Done)
	files, err := filepath.Glob(path + "*")
	if err != nil || !slices.Equal(files, []string{path, path + ".1"}) {
		t.Errorf("%q, %v", files, err)
	}
	text, err := os.ReadFile(path + ".1")
	if err != nil {
		t.Fatal(err)
	}
	wantRun(t, run(t, srv, string(text)), tool.Done)
	wantState(t, srv, before)
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

// Where a broken line stands, and why it is: also in a dry run.
func TestWhereALineIsBroken(t *testing.T) {
	t.Parallel()
	srv := permittest.New(permittest.Options{})
	input := "\ufeff" + ann + `{"type":"user","key":"a b"}` + "\n" + `{"type":"user","key":"c","first_name":"\ud800"}` + "\n" +
		`{"type":"user","key":"d","key":"e"}` + "\n" + `{"type":"user","Key":"f"}` + "\n" + `{"type":"user","key":"ok","first_name":"\ud83d\ude00 \\ud800"}` + "\n" + end
	wantRun(t, run(t, srv, input, "--dry-run"), tool.Rejected, "+ 2 users",
		"stdin: line 2: user key: Permit takes only", "stdin: line 3: it has half of a surrogate pair", `stdin: line 4: field "key" is there twice`, `stdin: line 5: unknown field "Key"`)
}

// --extra is written whatever the input holds.
func TestExtraOfNoUsers(t *testing.T) {
	t.Parallel()
	srv := permittest.New(permittest.Options{})
	srv.Seed(people("ann=a bob=b"))
	path := filepath.Join(t.TempDir(), "extra.jsonl")
	wantRun(t, run(t, srv, end, "--extra", path), tool.Done, "2 users in Permit but not in the input")
	if text, err := os.ReadFile(path); err != nil || strings.Count(string(text), "\n") != 3 {
		t.Errorf("%s, %v", text, err)
	}
}

// An id that is not the key's is refused, however lenient the server is.
func TestAnotherIDIsRefused(t *testing.T) {
	t.Parallel()
	const other = "22222222-1111-4111-8111-111111111111"
	for name, set := range map[string]func(*loadSettings){
		"project": func(c *loadSettings) { c.target.project = other }, "environment": func(c *loadSettings) { c.target.environment = other },
	} {
		synctest.Test(t, func(t *testing.T) {
			srv := permittest.New(permittest.Options{})
			lenient := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				for _, id := range []string{permittest.ProjectID, permittest.EnvironmentID} {
					r.URL.Path = strings.Replace(r.URL.Path, other, id, 1)
				}
				srv.ServeHTTP(w, r)
			})
			got := bring(t.Context(), lenient, ann+end, set)
			wantCode(t, got, tool.BadUsage)
			if n := writes(srv); n > 0 {
				t.Errorf("%s: %d writes", name, n)
			}
		})
	}
}
