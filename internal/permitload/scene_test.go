package permitload

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"a0permit/internal/permit/permittest"
	"a0permit/internal/record"
)

// records is a state as lines that ask for it, with an end line.
func records(s permittest.State) string {
	var b strings.Builder
	for _, r := range s.Roles {
		b.WriteString(line("role", map[string]any{"key": r.Key, "name": r.Name}))
	}
	for _, o := range s.Tenants {
		if o.Key == "default" { // every environment has it
			continue
		}
		b.WriteString(line("tenant", map[string]any{"key": o.Key, "name": o.Name}))
	}
	roles := map[string][]map[string]string{}
	for _, a := range s.Assignments {
		roles[a.User] = append(roles[a.User], map[string]string{"role": a.Role, "tenant": a.Tenant})
	}
	for _, u := range s.Users {
		fields := map[string]any{"key": u.Key, "role_assignments": roles[u.Key]}
		if roles[u.Key] == nil {
			fields["role_assignments"] = []string{}
		}
		for name, value := range map[string]string{"email": u.Email, "first_name": u.FirstName, "last_name": u.LastName} {
			if value != "" {
				fields[name] = value
			}
		}
		if u.Attributes != nil {
			fields["attributes"] = u.Attributes
		}
		b.WriteString(line("user", fields))
	}
	b.WriteString(end)
	return b.String()
}

// endAt is an end line of data that was true then.
func endAt(at time.Time) string {
	return `{"type":"end","complete":true,"as_of":"` + at.UTC().Format(time.RFC3339) + `"}` + "\n"
}

const end = `{"type":"end","complete":true,"users":0,"roles":0,"tenants":0,"rejected":0}` + "\n"

func line(kind string, fields map[string]any) string {
	fields["type"] = kind
	text, err := json.Marshal(fields)
	if err != nil {
		panic(err)
	}
	return string(text) + "\n"
}

// crowd is a state of so many users, who hold roles by turns: none, one, two
// and all three.
func crowd(users int) permittest.State {
	s := permittest.State{
		Roles:   []permittest.Role{{Key: "Admin", Name: "Admin"}, {Key: "Editor", Name: "Editor"}, {Key: "billing-viewer", Name: "Billing Viewer"}},
		Tenants: []permittest.Tenant{{Key: "default", Name: "Default Tenant"}},
	}
	for i := range users {
		u := permittest.User{Key: fmt.Sprintf("auth0|%06d", i), FirstName: "Ann", Attributes: map[string]any{"provider": "google-oauth2"}}
		if i%5 != 0 {
			u.Email = fmt.Sprintf("u%06d@acme.example", i)
		}
		s.Users = append(s.Users, u)
		for j := range i % 4 {
			s.Assignments = append(s.Assignments, permittest.Assignment{User: u.Key, Role: s.Roles[j].Key, Tenant: "default"})
		}
	}
	return s
}

// leftLine is a line that was not loaded.
type leftLine struct {
	Key   any
	Error record.Fault
}

func leftLines(t *testing.T, out string) []leftLine {
	t.Helper()
	var list []leftLine
	for text := range strings.Lines(out) {
		var l leftLine
		if err := json.Unmarshal([]byte(text), &l); err != nil || !strings.HasSuffix(text, "\n") {
			t.Fatalf("stdout: %q: %v", text, err)
		}
		if _, err := time.Parse(time.RFC3339, l.Error.At); err != nil {
			t.Errorf("%v: at: %v", l.Key, err)
		}
		list = append(list, l)
	}
	return list
}

// codes is the keys of what was not loaded, each with its error's code.
func codes(t *testing.T, out string) []string {
	t.Helper()
	var list []string
	for _, l := range leftLines(t, out) {
		list = append(list, fmt.Sprintf("%v %s", l.Key, l.Error.Code))
	}
	return list
}
