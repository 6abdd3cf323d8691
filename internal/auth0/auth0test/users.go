package auth0test

import "slices"

var byEmailParams = slices.Concat(fieldParams, []param{{name: "email", required: true}})

func (s *Server) getUser(c *request) (any, error) {
	u := s.user(c.id)
	if u == nil {
		return nil, errInexistent("user")
	}
	return fieldFilter(c.query, u.profile()), nil
}

// listUserRoles sends the roles that the user holds "in the context of your whole
// tenant", not those in organizations (docs: get a user's roles). Unverified: an
// unknown user is a 404, which the spec does not declare.
func (s *Server) listUserRoles(c *request) (any, error) {
	if s.user(c.id) == nil {
		return nil, errInexistent("user")
	}
	var rows []roleRow
	for _, r := range s.tenant.Roles {
		if slices.Contains(r.Members, c.id) {
			rows = append(rows, r.row())
		}
	}
	return s.listRows(c, rows)
}

func (s *Server) listUserOrgs(c *request) (any, error) {
	if s.user(c.id) == nil {
		return nil, errInexistent("user")
	}
	var rows []organizationRow
	for _, o := range s.tenant.Organizations {
		if slices.ContainsFunc(o.Members, func(m OrgMember) bool { return m.UserID == c.id }) {
			rows = append(rows, o.row())
		}
	}
	return s.list(c, listing{name: "organizations", n: len(rows), row: func(i int) any { return rows[i] }})
}

// listUsersByEmail sends all users with this email. There may be several, on different
// connections. Case matters: Auth0 stores emails of its own databases in lower case,
// and others unchanged (docs: user profile structure).
func (s *Server) listUsersByEmail(c *request) (any, error) {
	rows := []any{}
	for i := range s.tenant.Users {
		if u := &s.tenant.Users[i]; u.Email == c.query["email"] {
			rows = append(rows, fieldFilter(c.query, u.profile()))
		}
	}
	return rows, nil
}
