package permittest

import (
	"net/http"
	"slices"
	"strings"
)

// patchedPermissions is the most permissions of a role that a PATCH can change. With
// about 40, Permit has been seen to answer 500 (Permit's Terraform provider).
const patchedPermissions = 40

// postPermissions skips permissions that the role has (spec).
func (s *Server) postPermissions(c *call) (answer, error) {
	r := s.role(c.args[0])
	if r == nil {
		return answer{}, errNotFound("Role", c.args[0])
	}
	names, err := s.permissions(c, c.body, s.o.MissingAction)
	if err != nil {
		return answer{}, err
	}
	r.permissions, r.updated = union(r.permissions, names), c.now
	return answerOK(s.readRole(r))
}

// deletePermissions skips permissions that the role does not have (spec).
func (s *Server) deletePermissions(c *call) (answer, error) {
	r := s.role(c.args[0])
	if r == nil {
		return answer{}, errNotFound("Role", c.args[0])
	}
	names, err := s.permissions(c, c.body, http.StatusOK)
	if err != nil {
		return answer{}, err
	}
	r.permissions, r.updated = without(r.permissions, names), c.now
	return answerOK(s.readRole(r))
}

// permissions returns the names of the permissions that an object lists, each once.
// missing is the status for one that names no action; see Options.MissingAction.
func (s *Server) permissions(c *call, f fields, missing int, loc ...any) ([]string, error) {
	refs := f.texts("permissions")
	if err := s.checkCount(len(refs)); err != nil {
		return nil, err
	}
	names := make([]string, 0, len(refs))
	known := map[string]bool{}
	for i, ref := range refs {
		a, err := s.actionOf(ref)
		if err != nil {
			return nil, err
		}
		switch {
		case a == nil || a.visibleAt.After(c.now) || a.resource.visibleAt.After(c.now):
			if missing != http.StatusOK {
				return nil, errMissing(missing, ref, append(append([]any{"body"}, loc...), "permissions", i))
			}
		case !known[a.permission()]:
			known[a.permission()] = true
			names = append(names, a.permission())
		}
	}
	return names, nil
}

// checkCount applies Options.MaxPermissions.
func (s *Server) checkCount(n int) error {
	if s.o.MaxPermissions > 0 && n > s.o.MaxPermissions {
		return errRefused(http.StatusInternalServerError, "UNEXPECTED_ERROR", "You did nothing wrong")
	}
	return nil
}

// actionOf returns the action of a permission, or nil if it does not exist: "either a
// resource action id, or {resource_key}:{action_key}" (spec). The spec has the code of
// the refusal; the status is unverified.
func (s *Server) actionOf(ref string) (*action, error) {
	if id, ok := parseIdent(ref); ok {
		a, _ := s.ids[id].(*action)
		return a, nil
	}
	resource, key, _ := strings.Cut(ref, ":")
	if !slug.MatchString(resource) || !slug.MatchString(key) {
		const message = "permission %q is not resource:action"
		return nil, errRefused(http.StatusBadRequest, "INVALID_PERMISSION_FORMAT", message, ref)
	}
	if r := s.resourceByKey[resource]; r != nil {
		return r.actions[key], nil
	}
	return nil, nil
}

// errMissing returns the refusal of a permission that names no action. No such refusal
// has been seen in public.
func errMissing(status int, ref string, loc []any) error {
	switch status {
	case http.StatusUnprocessableEntity:
		return errInvalid(problem{Loc: loc, Msg: "permission " + ref + " does not exist", Type: "value_error"})
	case http.StatusBadRequest:
		return errRefused(status, "MISSING_PERMISSIONS", "permission %s does not exist", ref)
	}
	return errNotFound("ResourceAction", ref)
}

// union returns list with the values of other that it lacks.
func union(list, other []string) []string {
	has := setOf(list)
	whole := slices.Clone(list)
	for _, v := range other {
		if !has[v] {
			whole = append(whole, v)
		}
	}
	return whole
}

// without returns list without the values of other.
func without(list, other []string) []string {
	has := setOf(other)
	return slices.DeleteFunc(slices.Clone(list), func(v string) bool { return has[v] })
}

func setOf(list []string) map[string]bool {
	set := map[string]bool{}
	for _, v := range list {
		set[v] = true
	}
	return set
}

// defaultPermissions are the actions that the default roles of an environment are
// given on new resources (docs: creating environments).
var defaultPermissions = map[string][]string{
	"admin":  {"create", "read", "update", "delete"},
	"editor": {"create", "read", "update"},
	"viewer": {"read"},
}

// grantDefaults applies Options.DefaultRoles.
func (s *Server) grantDefaults(c *call, r *resource) {
	if !s.o.DefaultRoles {
		return
	}
	for key, actions := range defaultPermissions {
		by := s.roleByKey[key]
		for _, name := range actions {
			if a := r.actions[name]; a != nil && by != nil {
				by.permissions, by.updated = union(by.permissions, []string{a.permission()}), c.now
			}
		}
	}
}

// EffectivePermissions returns what a user may do, by tenant: the sorted permissions of
// the roles that the user holds there, and of the roles that they extend. A tenant in
// which the user holds a role without permissions has an empty list.
func (s *Server) EffectivePermissions(user string) map[string][]string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.effectivePermissions(user)
}

func (s *store) effectivePermissions(user string) map[string][]string {
	all := map[string][]string{}
	for key, roles := range s.rolesByTenant(user) {
		seen := map[*role]bool{}
		names := []string{}
		for _, r := range roles {
			names = s.addPermissions(names, r, seen)
		}
		slices.Sort(names)
		all[key] = slices.Compact(names)
	}
	return all
}

// addPermissions adds the permissions of a role and of the roles that it extends. It
// visits each role once.
func (s *store) addPermissions(names []string, r *role, seen map[*role]bool) []string {
	if r == nil || seen[r] {
		return names
	}
	seen[r] = true
	names = append(names, r.permissions...)
	for _, ref := range r.extends {
		names = s.addPermissions(names, s.role(ref), seen)
	}
	return names
}

// rolesByTenant returns the roles that a user holds in each tenant. It leaves out roles
// on resource instances, which do not apply to the tenant.
func (s *store) rolesByTenant(user string) map[string][]*role {
	all := map[string][]*role{}
	if u := s.userByKey[user]; u != nil {
		for _, a := range u.roles {
			if a.instance == nil && !a.removeLater {
				all[a.tenant.key] = append(all[a.tenant.key], a.role)
			}
		}
	}
	return all
}
