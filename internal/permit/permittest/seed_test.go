package permittest_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	. "a0permit/internal/permit/permittest"
)

func TestSeedOverwrites(t *testing.T) {
	t.Parallel()
	s := New(Options{Limits: []Limit{{ClassAll, 1, time.Hour}}, Lag: time.Hour})
	s.Seed(base)
	s.Seed(State{
		Roles: []Role{{Key: "admin", Name: "Boss"}}, Tenants: []Tenant{{Key: "default", Name: "Main"}},
		Users: []User{{Key: "ann", Email: "lee@example.com"}, {Key: "bob", Email: "ann@example.com"}},
	})
	st := s.State()
	const users = "[{ann lee@example.com   map[]} {bob ann@example.com   map[]}]"
	if st.Roles[0].Name != "Boss" || st.Tenants[1].Name != "Main" || fmt.Sprint(st.Users) != users ||
		len(st.Assignments) != 1 {
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
		"POST S/roles/viewer/permissions": `{"permissions":["doc:read"]}`,
	} {
		r := do(t, s, call, body)
		if !strings.Contains(r.raw, `"created_at":"2024-`) || strings.Contains(r.raw, `"updated_at":"2024-`) {
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
			s := New(Options{DuplicateEmail: 409})
			s.Seed(base)
			s.Seed(st)
		}()
	}
}
