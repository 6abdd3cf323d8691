package permittest_test

import (
	"fmt"
	"reflect"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	. "a0permit/internal/permit/permittest"
)

// A state that was seeded and one that was loaded by calls compare equal.
func TestState(t *testing.T) {
	t.Parallel()
	want := State{
		Roles:   []Role{{Key: "a", Name: "A", Description: "d", Permissions: []string{"x:1", "x:2"}, Attributes: map[string]any{"n": 1.0}}, {Key: "b", Name: "B"}},
		Tenants: []Tenant{{Key: "acme", Name: "Acme", Attributes: map[string]any{"t": true}}, {Key: "default", Name: "Default Tenant"}},
		Users: []User{
			{Key: "auth0|1", Email: "A@example.com", FirstName: "F", LastName: "L", Attributes: map[string]any{"list": []any{1.0, "x", nil}}},
			{Key: "u"},
		},
		Assignments: []Assignment{
			{User: "auth0|1", Role: "a", Tenant: "acme"},
			{User: "auth0|1", Role: "b", Tenant: "acme"},
			{User: "u", Role: "a", Tenant: "acme", ResourceInstance: "doc:1"},
			{User: "u", Role: "a", Tenant: "default"},
		},
	}
	seeded := New(Options{})
	seeded.Seed(want)
	seeded.Seed(want) // adding what is there changes nothing
	if got := seeded.State(); !reflect.DeepEqual(got, want) {
		t.Errorf("seeded: %+v, want %+v", got, want)
	}
	loaded := New(Options{})
	for _, st := range []struct{ call, body string }{
		{"PUT S/bulk/roles", ops(`{"key":"b","name":"B","permissions":[],"attributes":{}}`, `{"key":"a","name":"A","description":"d","permissions":["x:2","x:1"],"attributes":{"n":1}}`)},
		{"POST F/bulk/tenants", ops(`{"key":"acme","name":"Acme","attributes":{"t":true}}`)},
		{"PUT F/bulk/users", ops(`{"key":"u","attributes":{}}`, `{"key":"auth0|1","email":"A@example.com","first_name":"F","last_name":"L","attributes":{"list":[1,"x",null]}}`)},
		{"POST F/role_assignments/bulk", `[{"user":"u","role":"a","tenant":"default"},{"user":"u","role":"a","tenant":"acme","resource_instance":"doc:1"},
			{"user":"auth0|1","role":"b","tenant":"acme"},{"user":"auth0|1","role":"a","tenant":"acme"}]`},
	} {
		if r := do(t, loaded, st.call, st.body); r.status != 200 {
			t.Fatalf("%s: %d %s", st.call, r.status, r.raw)
		}
	}
	if got := loaded.State(); !reflect.DeepEqual(got, want) {
		t.Errorf("loaded: %+v, want %+v", got, want)
	}
	empty := New(Options{}).State()
	if !reflect.DeepEqual(empty, State{Tenants: []Tenant{{Key: "default", Name: "Default Tenant"}}}) {
		t.Errorf("at the start: %+v", empty)
	}
}

func TestSeedOverwrites(t *testing.T) {
	t.Parallel()
	s := New(Options{Limits: []Limit{{ClassAll, 1, time.Hour}}, Lag: time.Hour})
	s.Seed(base)
	s.Seed(State{
		Roles: []Role{{Key: "admin", Name: "Boss"}}, Tenants: []Tenant{{Key: "default", Name: "Main"}},
		Users: []User{{Key: "ann", Email: "lee@example.com"}, {Key: "bob", Email: "ann@example.com"}},
	})
	st := s.State()
	if st.Roles[0].Name != "Boss" || st.Tenants[1].Name != "Main" || fmt.Sprint(st.Users) != "[{ann lee@example.com   map[]} {bob ann@example.com   map[]}]" || len(st.Assignments) != 1 {
		t.Errorf("%+v", st)
	}
	if r := do(t, s, "GET F/users", ""); r.status != 200 || !strings.Contains(r.raw, `"total_count":2`) {
		t.Errorf("seeding lags or costs: %d %s", r.status, r.raw)
	}
}

func TestSeedAt(t *testing.T) {
	t.Parallel()
	s := New(Options{})
	s.SeedAt(time.Date(2024, 2, 3, 4, 5, 6, 0, time.UTC), base)
	for _, call := range []string{"GET S/roles/admin", "GET F/tenants/acme", "GET F/users/ann", "GET F/role_assignments"} {
		if r := do(t, s, call, ""); !strings.Contains(r.raw, `"created_at":"2024-02-03T04:05:06+00:00"`) {
			t.Errorf("%s: %s", call, r.raw)
		}
	}
	for call, body := range map[string]string{
		"PUT F/users/ann": `{"key":"ann"}`, "PATCH S/roles/admin": "{}", "PATCH F/tenants/acme": "{}",
		"POST S/roles/viewer/permissions": `{"permissions":["a:b"]}`,
	} {
		if r := do(t, s, call, body); !strings.Contains(r.raw, `"created_at":"2024-`) || strings.Contains(r.raw, `"updated_at":"2024-`) {
			t.Errorf("%s: %s", call, r.raw)
		}
	}
}

func TestSeedPanics(t *testing.T) {
	t.Parallel()
	for name, st := range map[string]State{
		"no such user":      {Assignments: []Assignment{{User: "x", Role: "admin", Tenant: "default"}}},
		"'Role'":            {Assignments: []Assignment{{User: "ann", Role: "x", Tenant: "default"}}},
		"'Tenant'":          {Assignments: []Assignment{{User: "ann", Role: "admin", Tenant: "x"}}},
		"e-mail of \"ann\"": {Users: []User{{Key: "bob", Email: "ANN@example.com"}}},
	} {
		func() {
			defer func() {
				if p := fmt.Sprint(recover()); !strings.Contains(p, name) {
					t.Errorf("panic %q, want %q", p, name)
				}
			}()
			s := New(Options{})
			s.Seed(base)
			s.Seed(st)
		}()
	}
}

// Many callers at once lose nothing; under -race this is also the test of the
// locks.
func TestConcurrentCalls(t *testing.T) {
	t.Parallel()
	s := New(Options{Unlimited: true, AssignedPair: Skip})
	s.Seed(base)
	var wg sync.WaitGroup
	for i := range 8 {
		wg.Go(func() {
			for j := range 20 {
				key := fmt.Sprintf("u%d-%d", i, j)
				do(t, s, "PUT F/bulk/users", ops(`{"key":"`+key+`"}`))
				do(t, s, "POST F/role_assignments/bulk", `[{"user":"`+key+`","role":"admin","tenant":"acme"}]`)
				do(t, s, "GET F/users?per_page=100", "")
				do(t, s, "GET F/role_assignments?tenant=acme&per_page=1000", "")
				do(t, s, "DELETE F/role_assignments", `{"user":"`+key+`","role":"admin","tenant":"acme"}`)
				s.State()
				s.Calls()
			}
		})
	}
	wg.Wait()
	if st := s.State(); len(st.Users) != 162 || len(st.Assignments) != 1 {
		t.Errorf("%d users, %d assignments", len(st.Users), len(st.Assignments))
	}
}

func populate(n int) (*Server, State) {
	seed := State{Roles: []Role{{Key: "r", Name: "R"}}}
	for i := range n {
		key := fmt.Sprintf("auth0|%08d", i)
		seed.Users = append(seed.Users, User{Key: key, Email: key[6:] + "@example.com"})
		seed.Assignments = append(seed.Assignments, Assignment{User: key, Role: "r", Tenant: "default"})
	}
	s := New(Options{Unlimited: true, Forget: true})
	s.Seed(seed)
	return s, seed
}

// Pages tell everything once and in order of creation.
func TestPagesAreWhole(t *testing.T) {
	t.Parallel()
	const n = 1200
	s, seed := populate(n)
	for _, filter := range []string{"", "role=r", "tenant=default", "role=r&tenant=default"} {
		seen := 0
		for page := 1; ; page++ {
			var rows []struct{ User string }
			do(t, s, fmt.Sprintf("GET F/role_assignments?per_page=500&page=%d&%s", page, filter), "").into(t, &rows)
			for i, r := range rows {
				if want := seed.Users[seen+i].Key; r.User != want {
					t.Fatalf("%s: page %d, row %d: %s, want %s", filter, page, i, r.User, want)
				}
			}
			if seen += len(rows); len(rows) < 500 {
				break
			}
		}
		if seen != n {
			t.Errorf("%s: %d assignments are listed", filter, seen)
		}
	}
}

// Neither a page nor a write may cost more in a big environment than in a
// small one: load tests run hundreds of thousands of users through it.
func BenchmarkBySize(b *testing.B) {
	for _, n := range []int{1_000, 100_000} {
		b.Run(strconv.Itoa(n), func(b *testing.B) {
			s, _ := populate(n)
			b.ReportAllocs()
			for b.Loop() {
				for _, call := range []string{
					fmt.Sprintf("GET F/users?per_page=1&page=%d", n/2),
					fmt.Sprintf("GET F/role_assignments?role=r&per_page=1&page=%d", n/2),
				} {
					do(b, s, call, "")
				}
				do(b, s, "PUT F/bulk/users", ops(`{"key":"auth0|00000001"}`))
			}
		})
	}
}
