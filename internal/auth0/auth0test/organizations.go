package auth0test

import (
	"regexp"
	"slices"
	"strings"
)

var (
	sortOrganizations = regexp.MustCompile(`^((display_name)|(created_at)|(name)):(1|-1)$`)
	orgMemberFields   = regexp.MustCompile(`^((user_id)|(email)|(picture)|(name)|(roles))` +
		`(,((user_id)|(email)|(picture)|(name)|(roles)))*$`)
	organizationParams = slices.Concat(offsetParams, checkpointParams, []param{{name: "sort", pattern: sortOrganizations}})
	orgMemberParams    = slices.Concat(offsetParams, checkpointParams, []param{
		{name: "fields", pattern: orgMemberFields},
		{name: "include_fields", kind: boolean},
	})

	organizationScopes = []string{"read:organizations", "read:organizations_summary"}
	orgMemberScopes    = []string{"read:organization_members"}
	orgRoleScopes      = []string{"read:organization_member_roles"}
)

type organizationRow struct {
	ID          string `json:"id"`
	Name        string `json:"name"`
	DisplayName string `json:"display_name,omitempty"`
}

// listOrganizations ends with an empty page only if the page before it is full:
// recorded lists end with a short page that has no next.
func (s *Server) listOrganizations(c *request) (any, error) {
	orgs := slices.Clone(s.tenant.Organizations)
	if field, direction, ok := strings.Cut(c.query["sort"], ":"); ok {
		slices.SortStableFunc(orgs, func(a, b Organization) int {
			switch field {
			case "name":
				return strings.Compare(a.Name, b.Name)
			case "display_name":
				return strings.Compare(a.DisplayName, b.DisplayName)
			}
			return 0 // the tenant has them in order of creation
		})
		if direction == "-1" {
			slices.Reverse(orgs)
		}
	}
	return s.list(c, listing{
		name: "organizations", n: len(orgs),
		key: func(i int) string { return orgs[i].ID },
		row: func(i int) any { return orgs[i].row() },
	})
}

func (o Organization) row() organizationRow {
	return organizationRow{ID: o.ID, Name: o.Name, DisplayName: o.DisplayName}
}

func (s *Server) organization(id string) (*Organization, error) {
	i := slices.IndexFunc(s.tenant.Organizations, func(o Organization) bool { return o.ID == id })
	if i < 0 {
		return nil, errInexistent("organization")
	}
	return &s.tenant.Organizations[i], nil
}

func (s *Server) getOrganization(c *request) (any, error) {
	o, err := s.organization(c.id)
	if err != nil {
		return nil, err
	}
	return o.row(), nil
}

// listMemberRoles sends complete roles, unlike listOrgMembers. Unverified: a user who
// is not a member has no roles.
func (s *Server) listMemberRoles(c *request) (any, error) {
	o, err := s.organization(c.id)
	if err != nil {
		return nil, err
	}
	var rows []roleRow
	for _, m := range o.Members {
		for _, r := range s.tenant.Roles {
			if m.UserID == c.user && slices.Contains(m.Roles, r.ID) {
				rows = append(rows, r.row())
			}
		}
	}
	return s.listRows(c, rows)
}

// orgRole is a role in a member row, without a description.
type orgRole struct {
	ID   string `json:"id"`
	Name string `json:"name"`
}

// listOrgMembers sends roles only if fields names them, and then requires another
// scope. docs: get organization members.
func (s *Server) listOrgMembers(c *request) (any, error) {
	include := c.query["include_fields"] != "false"
	withRoles := include && slices.Contains(strings.Split(c.query["fields"], ","), "roles")
	if withRoles {
		if err := s.require(orgRoleScopes...); err != nil {
			return nil, err
		}
	}
	o, err := s.organization(c.id)
	if err != nil {
		return nil, err
	}
	members := o.Members
	return s.list(c, listing{
		name: "members", n: len(members), hasEmptyLast: true,
		key: func(i int) string { return members[i].UserID },
		row: func(i int) any {
			row := s.member(members[i].UserID).object()
			if withRoles {
				row["roles"] = s.orgRoles(members[i].Roles)
			}
			return fieldFilter(c.query, row)
		},
	})
}

func (m memberRow) object() map[string]any {
	row := map[string]any{"user_id": m.UserID}
	for name, v := range map[string]string{"email": m.Email, "picture": m.Picture, "name": m.Name} {
		if v != "" {
			row[name] = v
		}
	}
	return row
}

func (s *Server) orgRoles(ids []string) []orgRole {
	out := []orgRole{}
	for _, id := range ids {
		for _, r := range s.tenant.Roles {
			if r.ID == id {
				out = append(out, orgRole{ID: r.ID, Name: r.Name})
			}
		}
	}
	return out
}
