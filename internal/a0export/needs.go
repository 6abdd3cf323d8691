package a0export

import (
	"context"
	"iter"

	"a0permit/internal/auth0"
	"a0permit/internal/tool"
)

// need is something that an export reads.
type need struct {
	name     string
	scopes   []string
	commands []string // commands that do not work without it
	// try reads a little of it and returns what it saw, to print after "yes".
	try func(context.Context) (saw string, err error)
}

// untriedError means that a need was not tried. To read the members of a role, say,
// try needs a role.
type untriedError struct {
	why       string
	isRefused bool // whether Auth0 refused the list that it depends on
}

func (u untriedError) Error() string { return u.why }

// checker finds out what a token can read.
type checker struct {
	*exporter

	role         auth0.Role         // the first role, zero if there is none
	organization auth0.Organization // likewise
	group        auth0.Group        // likewise
	refused      error              // the error of the list that was tried last
}

// needs returns all needs in the order in which to try them: some use results of
// earlier ones.
func (c *checker) needs() []need {
	const all, groups = "a0export all", "roles held through groups"
	return []need{
		{"users", []string{"read:users"}, []string{"a0export", all}, c.tryUsers},
		{"roles", []string{"read:roles"}, []string{"a0export", all}, c.tryRoles},
		{"role members", []string{"read:role_members"}, []string{"a0export", all}, c.tryRoleMembers},
		{"APIs", []string{"read:resource_servers"}, []string{all}, c.tryAPIs},
		{"groups", []string{"read:groups"}, []string{groups}, c.tryGroups},
		{"groups of roles", []string{"read:group_roles"}, []string{groups}, c.tryRoleGroups},
		{"group members", []string{"read:group_members"}, []string{groups}, c.tryGroupMembers},
		{"organizations", []string{"read:organizations"}, []string{all}, c.tryOrganizations},
		{
			"organization members",
			[]string{"read:organization_members", "read:organization_member_roles"},
			[]string{all},
			c.tryMembers,
		},
		{"connections", []string{"read:connections"}, nil, c.tryConnections},
	}
}

func (c *checker) tryUsers(ctx context.Context) (string, error) {
	total, err := c.auth0.CountUsers(ctx, "")
	return ", " + tool.Thousands(total), err
}

func (c *checker) tryRoles(ctx context.Context) (string, error) {
	role, total, err := c.auth0.FirstRole(ctx)
	c.role, c.refused = role, err
	return ", " + tool.Thousands(total), err
}

func (c *checker) tryRoleMembers(ctx context.Context) (string, error) {
	if c.role.ID == "" {
		return "", c.untried("role")
	}
	_, err := first(c.auth0.RoleUsers(ctx, c.role.ID))
	return "", err
}

func (c *checker) tryOrganizations(ctx context.Context) (string, error) {
	organization, err := first(c.auth0.Organizations(ctx))
	c.organization, c.refused = organization, err
	if organization.ID == "" {
		return ", none", err
	}
	return "", err
}

func (c *checker) tryMembers(ctx context.Context) (string, error) {
	if c.organization.ID == "" {
		return "", c.untried("organization")
	}
	_, err := first(c.auth0.Members(ctx, c.organization.ID))
	return "", err
}

func (c *checker) tryAPIs(ctx context.Context) (string, error) {
	return "", c.auth0.TryAPIs(ctx)
}

// tryGroups reports no error if the tenant does not have the feature.
func (c *checker) tryGroups(ctx context.Context) (string, error) {
	group, err := c.auth0.FirstGroup(ctx)
	if isAbsent(err) {
		err = nil
	}
	c.group, c.refused = group, err
	if group.ID == "" {
		return ", none", err
	}
	return "", err
}

func (c *checker) tryRoleGroups(ctx context.Context) (string, error) {
	switch {
	case c.group.ID == "":
		return "", c.untried("group")
	case c.role.ID == "":
		return "", untriedError{why: "there is no role"}
	}
	_, err := first(c.auth0.RoleGroups(ctx, c.role.ID))
	return "", err
}

func (c *checker) tryGroupMembers(ctx context.Context) (string, error) {
	if c.group.ID == "" {
		return "", c.untried("group")
	}
	_, err := first(c.auth0.GroupMembers(ctx, c.group.ID))
	return "", err
}

func (c *checker) tryConnections(ctx context.Context) (string, error) {
	_, err := first(c.auth0.Connections(ctx))
	return "", err
}

// untried returns the error of a need that depends on a list of kind, which was empty
// or refused.
func (c *checker) untried(kind string) error {
	if c.refused != nil {
		return untriedError{kind + "s cannot be read", true}
	}
	return untriedError{why: "there is no " + kind}
}

// first returns the first item of a list, or a zero value if the list is empty.
func first[T any](list iter.Seq2[T, error]) (T, error) {
	for item, err := range list {
		return item, err
	}
	var none T
	return none, nil
}
