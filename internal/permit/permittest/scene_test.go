package permittest_test

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"

	"a0permit/internal/httpapi/httpapitest"
	. "a0permit/internal/permit/permittest"
)

// scene is a list of calls to an environment that holds base, and what it holds
// afterwards.
type scene struct {
	name  string
	o     Options
	seed  State // in addition to base
	steps []step
	users string // State.Users at the end, unless empty
	pairs string // State.Assignments at the end, unless empty
}

// step is one call, such as "PUT F/bulk/users", where F and S stand for the
// paths of the facts and the schema. The answer must contain all parts in all,
// and none of those in none.
type step struct {
	call, body string
	status     int
	all        []string
	none       []string
}

var base = State{
	Resources: []Resource{
		{Key: "doc", Name: "Document", Actions: []Action{{Key: "read", Name: "Read"}, {Key: "write", Name: "Write"}}},
		{Key: "bin", Name: "Bin"},
	},
	Roles:   []Role{{Key: "admin", Name: "Admin", Permissions: []string{"doc:read"}}, {Key: "viewer", Name: "Viewer"}},
	Tenants: []Tenant{{Key: "acme", Name: "Acme"}},
	Users: []User{
		{Key: "ann", Email: "ann@example.com", FirstName: "Ann", LastName: "Lee", Attributes: map[string]any{"a": 1}},
		{Key: "bob"},
	},
	Assignments: []Assignment{{User: "ann", Role: "admin", Tenant: "default"}},
}

const (
	annWhole = "{ann ann@example.com Ann Lee map[a:1]}"
	bobWhole = "{bob    map[]}"
	annAdmin = "{ann admin default }"

	baseUsers = "[" + annWhole + " " + bobWhole + "]"
)

// runScenes makes the calls of each scene and checks the answers and the end.
func runScenes(t *testing.T, scenes []scene) {
	t.Helper()
	for _, sc := range scenes {
		t.Run(sc.name, func(t *testing.T) {
			t.Parallel()
			s := New(sc.o)
			s.Seed(base)
			s.Seed(sc.seed)
			key := sc.o.Key
			if key == "" {
				key = DefaultKey
			}
			for i, st := range sc.steps {
				r := send(t, s, st.call, st.body, "Authorization", "Bearer "+key)
				if r.status != st.status {
					t.Fatalf("step %d: %s: status %d, want %d: %.300s", i, st.call, r.status, st.status, r.raw)
				}
				if r.status == http.StatusNoContent && r.raw != "" {
					t.Errorf("step %d: %s: 204 with a body: %s", i, st.call, r.raw)
				}
				for _, part := range st.all {
					if !strings.Contains(r.raw, part) {
						t.Errorf("step %d: %s: answer lacks %s: %.600s", i, st.call, part, r.raw)
					}
				}
				for _, part := range st.none {
					if strings.Contains(r.raw, part) {
						t.Errorf("step %d: %s: answer has %s: %.600s", i, st.call, part, r.raw)
					}
				}
			}
			state := s.State()
			if got := fmt.Sprint(state.Users); sc.users != "" && got != sc.users {
				t.Errorf("users = %s, want %s", got, sc.users)
			}
			if got := fmt.Sprint(state.Assignments); sc.pairs != "" && got != sc.pairs {
				t.Errorf("assignments = %s, want %s", got, sc.pairs)
			}
		})
	}
}

type reply struct {
	status int
	header http.Header
	raw    string
}

func (r reply) decode(t testing.TB, v any) {
	t.Helper()
	if err := json.Unmarshal([]byte(r.raw), v); err != nil {
		t.Fatalf("answer %.300q: %v", r.raw, err)
	}
}

// newRequest returns a request with these headers, given as name and value.
func newRequest(t testing.TB, call, body string, header ...string) *http.Request {
	t.Helper()
	method, path, _ := strings.Cut(call, " ")
	if rest, ok := strings.CutPrefix(path, "F/"); ok {
		path = "/v2/facts/default/dev/" + rest
	} else if rest, ok := strings.CutPrefix(path, "S/"); ok {
		path = "/v2/schema/default/dev/" + rest
	}
	req, err := http.NewRequestWithContext(t.Context(), method, "http://permit.example"+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	if body != "" {
		req.Header.Set("Content-Type", "application/json")
	}
	for i := 0; i < len(header); i += 2 {
		req.Header.Set(header[i], header[i+1])
	}
	return req
}

// roundTrip returns the answer, or the error of a call without one.
func roundTrip(t testing.TB, s *Server, req *http.Request) (reply, error) {
	t.Helper()
	resp, err := httpapitest.Transport{Handler: s}.RoundTrip(req)
	if err != nil {
		return reply{}, err
	}
	raw, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return reply{resp.StatusCode, resp.Header, string(raw)}, resp.Body.Close()
}

// send returns the answer to a call with these headers.
func send(t testing.TB, s *Server, call, body string, header ...string) reply {
	t.Helper()
	r, err := roundTrip(t, s, newRequest(t, call, body, header...))
	if err != nil {
		t.Fatalf("%s: %v", call, err)
	}
	return r
}

// do sends a call with the default key.
func do(t testing.TB, s *Server, call, body string) reply {
	t.Helper()
	return send(t, s, call, body, "Authorization", "Bearer "+DefaultKey)
}

// jsonList returns a JSON list of n values. The form of a value has a %d (or
// %[1]d) for its number, from 0 on.
func jsonList(n int, form string) string {
	out := make([]string, n)
	for i := range out {
		out[i] = fmt.Sprintf(form, i)
	}
	return "[" + strings.Join(out, ",") + "]"
}

// ops returns the body of a bulk call.
func ops(rows ...string) string { return `{"operations":[` + strings.Join(rows, ",") + `]}` }
