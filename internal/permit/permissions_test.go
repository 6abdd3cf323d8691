package permit_test

import (
	"fmt"
	"net/http"
	"slices"
	"testing"

	"a0permit/internal/httpapi/httpapitest"
	"a0permit/internal/permit"
	"a0permit/internal/permit/permittest"
)

// documents is a resource with two actions, and two roles.
var documents = permittest.State{
	Resources: []permittest.Resource{{
		Key: "doc", Name: "Document",
		Actions: []permittest.Action{{Key: "read", Name: "Read"}, {Key: "write", Name: "Write"}},
	}},
	Roles: []permittest.Role{
		{Key: "admin", Name: "Admin", Permissions: []string{"doc:read"}}, {Key: "none", Name: "None"},
	},
}

// A role keeps what it has. To grant or revoke a permission twice does no harm.
func TestGrantAndRevoke(t *testing.T) {
	t.Parallel()
	s := permittest.New(permittest.Options{})
	s.Seed(documents)
	ctx, c := t.Context(), newClient(s)
	for range 2 {
		got, err := c.Grant(ctx, "admin", []string{"doc:write", "doc:read"})
		if want := []string{"doc:read", "doc:write"}; err != nil || !slices.Equal(got, want) {
			t.Errorf("granted: %v, %v", got, err)
		}
	}
	for range 2 {
		left, err := c.Revoke(ctx, "admin", []string{"doc:read", "doc:gone"})
		if err != nil || !slices.Equal(left, []string{"doc:write"}) {
			t.Errorf("left: %v, %v", left, err)
		}
	}
	if got := s.State().Roles[0].Permissions; !slices.Equal(got, []string{"doc:write"}) {
		t.Errorf("left: %v", got)
	}
	if _, err := c.Grant(ctx, "nobody", []string{"doc:read"}); !permit.IsNotFound(err) {
		t.Errorf("a role that is not there: %v", err)
	}
	if n := s.Overwrites(); n != 0 {
		t.Errorf("%d calls overwrite a resource or a role", n)
	}
}

// If Permit skips a permission that it does not know, Grant returns what the role has.
func TestGrantReturnsWhatTheRoleHas(t *testing.T) {
	t.Parallel()
	s := permittest.New(permittest.Options{MissingAction: http.StatusOK})
	s.Seed(documents)
	got, err := newClient(s).Grant(t.Context(), "none", []string{"doc:gone", "doc:read", "gone:read"})
	if err != nil || !slices.Equal(got, []string{"doc:read"}) {
		t.Errorf("%v, %v", got, err)
	}
}

// A permission that does not exist is refused, in each way that Permit may do so.
func TestPermissionsThatNameNothing(t *testing.T) {
	t.Parallel()
	for _, status := range []int{http.StatusNotFound, http.StatusUnprocessableEntity, http.StatusBadRequest} {
		s := permittest.New(permittest.Options{MissingAction: status})
		s.Seed(documents)
		ctx, c, some := t.Context(), newClient(s), []string{"doc:read", "doc:gone"}
		_, granting := c.Grant(ctx, "none", some)
		role := permit.Role{Key: "x", Name: "X", Permissions: some}
		for _, err := range []error{granting, c.CreateRole(ctx, role), c.PutRoles(ctx, []permit.Role{role})} {
			if permit.Status(err) != status {
				t.Errorf("%d: %v", status, err)
			}
		}
		if got := s.State().Roles; len(got) != 2 || got[1].Permissions != nil {
			t.Errorf("%d: %+v", status, got)
		}
	}
}

// A resource is created with all its actions, unless it exists already.
func TestCreateResource(t *testing.T) {
	t.Parallel()
	s := permittest.New(permittest.Options{})
	s.Seed(documents)
	ctx, c := t.Context(), newClient(s)
	empty := permit.Resource{Key: "bin", Name: "Bin", Actions: map[string]permit.Action{"empty": {}}}
	if err := c.CreateResource(ctx, empty); err != nil {
		t.Errorf("created: %v", err)
	}
	if err := c.CreateResource(ctx, permit.Resource{Key: "doc", Name: "Mine"}); !permit.IsConflict(err) {
		t.Errorf("a resource that is there: %v", err)
	}
	if err := c.CreateAction(ctx, "doc", "read", permit.Action{Name: "Mine"}); !permit.IsConflict(err) {
		t.Errorf("an action that is there: %v", err)
	}
	if err := c.CreateAction(ctx, "gone", "read", permit.Action{Name: "Read"}); !permit.IsNotFound(err) {
		t.Errorf("an action of a resource that is not there: %v", err)
	}
	if err := c.CreateAction(ctx, "doc", "print", permit.Action{Name: "Print"}); err != nil {
		t.Error(err)
	}
	doc, has, err := c.Resource(ctx, "doc")
	if !has || err != nil || doc.Name != "Document" || len(doc.Actions) != 3 || doc.Actions["read"].Name != "Read" {
		t.Errorf("doc: %+v, %v, %v", doc, has, err)
	}
	if _, has, err := c.Resource(ctx, "gone"); has || err != nil {
		t.Errorf("gone: %v, %v", has, err)
	}
	if n := s.Overwrites(); n != 0 {
		t.Errorf("%d calls overwrite a resource or a role", n)
	}
}

// Changes that somebody else makes between two calls show in the second answer.
func TestSchemaChangesMeanwhile(t *testing.T) {
	t.Parallel()
	var meanwhile permittest.State
	var s *permittest.Server
	s = permittest.New(permittest.Options{Faults: func(r *http.Request) httpapitest.Fault {
		if r.Method == http.MethodPost {
			s.Seed(meanwhile)
		}
		return httpapitest.Fault{}
	}})
	s.Seed(documents)
	ctx, c := t.Context(), newClient(s)
	meanwhile = permittest.State{Resources: []permittest.Resource{{Key: "bin", Name: "Theirs"}}}
	if err := c.CreateResource(ctx, permit.Resource{Key: "bin", Name: "Mine"}); !permit.IsConflict(err) {
		t.Errorf("a resource that is created meanwhile: %v", err)
	}
	meanwhile = permittest.State{Resources: []permittest.Resource{{
		Key: "doc", Name: "Document", Actions: []permittest.Action{{Key: "print", Name: "Theirs"}},
	}}}
	if err := c.CreateAction(ctx, "doc", "print", permit.Action{Name: "Mine"}); !permit.IsConflict(err) {
		t.Errorf("an action that is created meanwhile: %v", err)
	}
	if _, err := c.Grant(ctx, "none", []string{"doc:read"}); !permit.IsNotFound(err) {
		t.Errorf("an action that is gone meanwhile: %v", err)
	}
}

// A role may have a thousand permissions, and all are read back.
func TestManyPermissions(t *testing.T) {
	t.Parallel()
	actions, names := map[string]permit.Action{}, make([]string, 1000)
	for i := range names {
		key := fmt.Sprintf("act-%03d", i)
		actions[key], names[i] = permit.Action{Name: key}, "api:"+key
	}
	s := permittest.New(permittest.Options{})
	ctx, c := t.Context(), newClient(s)
	if err := c.CreateResource(ctx, permit.Resource{Key: "api", Name: "API", Actions: actions}); err != nil {
		t.Fatal(err)
	}
	if err := c.CreateRole(ctx, permit.Role{Key: "r", Name: "R", Permissions: names}); err != nil {
		t.Fatal(err)
	}
	roles, err := collect(c.Roles(ctx))
	if err != nil || len(roles) != 1 || !slices.Equal(roles[0].Permissions, names) {
		t.Errorf("%d roles, %v", len(roles), err)
	}
}
