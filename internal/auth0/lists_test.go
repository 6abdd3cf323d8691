package auth0_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"a0permit/internal/auth0"
	"a0permit/internal/auth0/auth0test"
)

// lists maps each list to a function that reads it and returns the number of rows.
var lists = map[string]func(context.Context, *auth0.Client) (int, error){
	"roles": func(ctx context.Context, c *auth0.Client) (int, error) {
		roles, err := c.Roles(ctx)
		return len(roles), err
	},
	"role users": func(ctx context.Context, c *auth0.Client) (int, error) {
		return count(collect(c.RoleUsers(ctx, roleID)))
	},
	"role permissions": func(ctx context.Context, c *auth0.Client) (int, error) {
		permissions, err := c.RolePermissions(ctx, roleID)
		return len(permissions), err
	},
	"APIs": func(ctx context.Context, c *auth0.Client) (int, error) {
		apis, err := c.APIs(ctx)
		return len(apis), err
	},
	"groups of a role": func(ctx context.Context, c *auth0.Client) (int, error) {
		return count(collect(c.RoleGroups(ctx, roleID)))
	},
	"group members": func(ctx context.Context, c *auth0.Client) (int, error) {
		return count(collect(c.GroupMembers(ctx, "grp_0")))
	},
	"organizations": func(ctx context.Context, c *auth0.Client) (int, error) {
		return count(collect(c.Organizations(ctx)))
	},
	"members": func(ctx context.Context, c *auth0.Client) (int, error) {
		return count(collect(c.Members(ctx, "org_0")))
	},
	"connections": func(ctx context.Context, c *auth0.Client) (int, error) {
		return count(collect(c.Connections(ctx)))
	},
	"users": func(ctx context.Context, c *auth0.Client) (int, error) {
		page, err := c.SearchUsers(ctx, "", "user_id,created_at", 0)
		return len(page.Users), err
	},
	"newest": func(ctx context.Context, c *auth0.Client) (int, error) {
		page, err := c.NewestUser(ctx, "")
		return len(page.Users), err
	},
}

func count[T any](items []T, err error) (int, error) { return len(items), err }

// tenantOfSize returns a tenant with n rows in each list.
func tenantOfSize(n int) auth0test.Tenant {
	tenant := auth0test.Tenant{Roles: tenantRoles(n)}
	for i, id := range userIDs(n) {
		tenant.Users = append(tenant.Users, auth0test.User{ID: id})
		tenant.Connections = append(tenant.Connections, auth0test.Connection{ID: fmt.Sprint("con_", i)})
		tenant.Organizations = append(tenant.Organizations, auth0test.Organization{ID: fmt.Sprint("org_", i)})
		tenant.Organizations[0].Members = append(tenant.Organizations[0].Members, auth0test.OrgMember{UserID: id})
	}
	tenant.Roles[0].ID, tenant.Roles[0].Members = roleID, userIDs(n)
	for i := range n {
		tenant.APIs = append(tenant.APIs, auth0test.API{ID: fmt.Sprint("api", i), Identifier: fmt.Sprint("urn:", i)})
		p := auth0test.Permission{API: "urn:0", Name: fmt.Sprint("do:", i)}
		tenant.Roles[0].Permissions = append(tenant.Roles[0].Permissions, p)
		tenant.Groups = append(tenant.Groups, auth0test.Group{ID: fmt.Sprint("grp_", i), Roles: []string{roleID}})
		tenant.Groups[0].Members = append(tenant.Groups[0].Members, auth0test.GroupMember{ID: userIDs(n)[i]})
	}
	return tenant
}

// Every list fails if an answer has the wrong shape, or if the list is shorter or
// longer than its total.
func TestFlawsOfLists(t *testing.T) {
	t.Parallel()
	all := slices.Collect(maps.Keys(lists))
	whole := []string{"roles", "role permissions", "APIs"}
	byNumber := append([]string{"users", "newest"}, whole...)
	byCheckpoint := []string{
		"role users", "organizations", "members", "connections", "groups of a role", "group members",
	}
	tests := []struct {
		flaw auth0test.Flaw
		of   []string
		want string
	}{
		{auth0test.EmptyBody, all, "the answer is empty"},
		{auth0test.NoContent, all, "the answer is empty"},
		{auth0test.NullBody, all, "the answer is null"},
		{auth0test.SignInPage, all, "it is text/html"},
		{auth0test.BareList, all, "there is no object around the list"},
		{auth0test.NoList, all, "there is no list of"},
		{auth0test.NoIDs, all, "there is no id in one of its"},
		{auth0test.NoTotal, byNumber, "does not say how many there are"},
		{auth0test.LowTotal, byNumber, ", but Auth0 says there are"},
		{auth0test.HighTotal, whole, ", but Auth0 says there are 32"},
		{auth0test.ShortList, whole, ", but Auth0 says there are 31"},
		{auth0test.EmptyPages, []string{"roles"}, "got 0 roles, but Auth0 says there are 31"},
		{auth0test.EmptyPages, byCheckpoint, "the same page again and again"},
		{auth0test.NewNext, byCheckpoint, "the same page again and again"},
		{auth0test.SamePage, append(byCheckpoint, whole...), "the same page again and again"},
	}
	for _, tt := range tests {
		for _, name := range tt.of {
			s := auth0test.New(tenantOfSize(31), auth0test.Options{PageMax: 10, Flaws: auth0test.Always(tt.flaw)})
			n, err := lists[name](t.Context(), newClient(s))
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("%s of %s: got %d rows, error %v; want an error with %q", tt.flaw, name, n, err, tt.want)
			}
			if calls := len(s.Calls()); calls > 12 {
				t.Errorf("%s of %s: %d calls", tt.flaw, name, calls)
			}
		}
	}
}

// A list read by checkpoint needs no total. If Auth0 sends one, it is checked.
func TestTotalsOfCheckpoints(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name  string
		pages []string
		want  string // "" means no error
	}{
		{"right", []string{`{"users":[{"user_id":"a"}],"next":"1","total":2}`, `{"users":[{"user_id":"b"}],"total":2}`}, ""},
		{"short", []string{`{"users":[{"user_id":"a"}],"total":120}`}, "got 1 users, but Auth0 says there are 120"},
		{
			"long",
			[]string{`{"users":[{"user_id":"a"},{"user_id":"b"}],"next":"1","total":1}`},
			"got 2 users, but Auth0 says there are 1",
		},
	}
	for _, tt := range tests {
		_, err := collect(newClient(answerInTurn(tt.pages...)).RoleUsers(t.Context(), roleID))
		if (tt.want != "") != errors.Is(err, auth0.ErrChanged) || !strings.Contains(fmt.Sprint(err), tt.want) {
			t.Errorf("%s: %v, want %q", tt.name, err, tt.want)
		}
	}
}

// A row that moves to a later page during the reading is on both pages. An
// organization that came twice would double each membership.
func TestRowsThatComeAgain(t *testing.T) {
	t.Parallel()
	pages := func(list string) []string {
		return []string{
			`{"` + list + `":[{"id":"1","name":"a"},{"id":"2","name":"b"}],"next":"x"}`,
			`{"` + list + `":[{"id":"1","name":"c"},{"id":"3","name":"d"}]}`,
		}
	}
	organizations, err := collect(newClient(answerInTurn(pages("organizations")...)).Organizations(t.Context()))
	want := []auth0.Organization{{ID: "1", Name: "a"}, {ID: "2", Name: "b"}, {ID: "3", Name: "d"}}
	if diff := cmp.Diff(want, organizations); err != nil || diff != "" {
		t.Errorf("%v, (-want +got):\n%s", err, diff)
	}
	connections, err := collect(newClient(answerInTurn(pages("connections")...)).Connections(t.Context()))
	if err != nil || len(connections) != 3 {
		t.Errorf("%v, %v", connections, err)
	}
}

// An id becomes part of a path, so it must not lead out of that path.
func TestIDsThatLeaveTheirPath(t *testing.T) {
	t.Parallel()
	for _, id := range []string{"..", ".", ""} {
		body := fmt.Sprintf(`{"roles":[{"id":%q,"name":"Admin"}],"total":1}`, id)
		if _, err := newClient(answerInTurn(body)).Roles(t.Context()); err == nil {
			t.Errorf("a role has the id %q", id)
		}
		body = fmt.Sprintf(`{"organizations":[{"id":%q,"name":"acme"}]}`, id)
		if _, err := collect(newClient(answerInTurn(body)).Organizations(t.Context())); err == nil {
			t.Errorf("an organization has the id %q", id)
		}
		body = fmt.Sprintf(`{"id":%q,"status":"pending"}`, id)
		if _, err := newClient(answerInTurn(body)).StartExport(t.Context(), auth0.Export{Fields: fields}); err == nil {
			t.Errorf("a job has the id %q", id)
		}
	}
}

// A page that ignores the fields that were asked for has no roles. The roles of its
// members are then unknown, which is not the same as none.
func TestMembersWithoutTheRolesAskedFor(t *testing.T) {
	t.Parallel()
	first := `{"members":[{"user_id":"auth0|1","roles":[{"id":"rol_1","name":"Admin"}]}],"next":"1"}`
	for second, isRight := range map[string]bool{
		`{"members":[{"user_id":"auth0|2","email":"bob@acme.example"}]}`:            false,
		`{"members":[{"user_id":"auth0|2","roles":[]}]}`:                            true,
		`{"members":[{"user_id":"auth0|2"}]}`:                                       true,
		`{"members":[{"user_id":"auth0|2","name":"Bob","roles":[{"id":"rol_1"}]}]}`: true,
	} {
		members, err := collect(newClient(answerInTurn(first, second)).Members(t.Context(), "org_1"))
		if (err == nil) != isRight || isRight != (len(members) == 2) {
			t.Errorf("%s: %d members, %v", second, len(members), err)
		}
	}
}

// Only if the last page is empty too are there no organizations.
func TestHasOrganizations(t *testing.T) {
	t.Parallel()
	some := `{"organizations":[{"id":"org_1","name":"acme"}]}`
	tests := []struct {
		pages   []string
		want    bool
		wantErr bool
	}{
		{[]string{some}, true, false},
		{[]string{`{"organizations":[]}`}, false, false},
		{[]string{`{"organizations":[],"next":"1"}`, some}, true, false},
		{[]string{`{"organizations":[],"total":7}`}, false, true},
		{[]string{`{}`}, false, true},
		{[]string{`[]`}, false, true},
	}
	for _, tt := range tests {
		got, err := newClient(answerInTurn(tt.pages...)).HasOrganizations(t.Context())
		if got != tt.want || (err != nil) != tt.wantErr {
			t.Errorf("%v: %v, %v", tt.pages, got, err)
		}
	}
}

// A long list that starts to repeat its rows, in another order and with new
// checkpoints, is noticed though only a sample of the rows is remembered. Rows that
// move during the reading are not mistaken for such a loop.
func TestLongListsThatRepeatThemselves(t *testing.T) {
	t.Parallel()
	const users, size = 20_000, 100
	for _, repeats := range []bool{true, false} {
		r := rand.New(rand.NewPCG(3, 14))
		calls := 0
		c := newClient(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			var rows []string
			for i := range size {
				n := calls*size + i
				if n >= users || r.IntN(10) == 0 {
					n = r.IntN(min(n+1, users))
				}
				rows = append(rows, fmt.Sprintf(`{"user_id":"auth0|%d"}`, n))
			}
			calls++
			next := ""
			if repeats || calls < users/size {
				next = fmt.Sprintf(`,"next":"%d"`, calls)
			}
			_, _ = fmt.Fprintf(w, `{"users":[%s]%s}`, strings.Join(rows, ","), next)
		}))
		_, err := collect(c.RoleUsers(t.Context(), roleID))
		if errors.Is(err, auth0.ErrSamePage) != repeats || !repeats && err != nil || calls > 2*users/size {
			t.Errorf("repeats %v: %v after %d calls", repeats, err, calls)
		}
	}
}
