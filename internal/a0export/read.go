package a0export

import (
	"context"
	"errors"
	"net/http"

	"golang.org/x/sync/errgroup"

	"a0permit/internal/auth0"
	"a0permit/internal/httpapi"
	"a0permit/internal/tool"
)

// maxCalls bounds the concurrent calls of one kind. It is enough for 50 calls a second
// of 300 ms each. The pacer sets the actual rate.
const maxCalls = 32

// readHolders reads who holds each role, directly and through groups.
func (e *exporter) readHolders(ctx context.Context, roles []auth0.Role, held *holders) error {
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(maxCalls + 1) // one more for the groups
	for _, role := range roles {
		e.report.Roles++
		number := held.role(role.Name)
		group.Go(func() error {
			for userID, err := range e.auth0.RoleUsers(ctx, role.ID) {
				if err != nil {
					return err
				}
				held.add(userID, number)
				e.read.Add(1)
			}
			return nil
		})
	}
	if e.config.groups && len(roles) > 0 {
		groups := &groupHolders{exporter: e, roles: roles, held: held}
		group.Go(func() error { return groups.read(ctx) })
	}
	if err := group.Wait(); err != nil {
		return err
	}
	held.seal()
	return nil
}

// readMemberships reads the members of each organization.
func (e *exporter) readMemberships(ctx context.Context, in *memberships, data *tenantData) error {
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(maxCalls + 1) // one more for the list of organizations
	group.Go(func() error {
		for org, err := range e.auth0.Organizations(ctx) {
			if err != nil {
				return err
			}
			e.report.Organizations++
			if e.config.command == "all" {
				data.organizations = append(data.organizations, org)
			}
			number := in.organization(org)
			group.Go(func() error {
				for member, err := range e.auth0.Members(ctx, org.ID) {
					if err != nil {
						return err
					}
					in.add(number, member)
					e.read.Add(1)
				}
				return nil
			})
		}
		return nil
	})
	if err := group.Wait(); err != nil {
		return err
	}
	if in.withoutRoles && !in.withRoles {
		return tool.Hint(errors.New("Auth0 did not send the roles of organization members"),
			"grant the application the scope read:organization_member_roles, then get a new token; "+
				"or leave --organizations out")
	}
	in.seal()
	return nil
}

// warnOfOrganizations warns if the tenant has organizations, or may have: without
// --organizations, their roles are not exported.
func (e *exporter) warnOfOrganizations(ctx context.Context) error {
	hasOrganizations, err := e.auth0.HasOrganizations(ctx)
	refused := refusal(err, http.StatusForbidden)
	switch {
	case refused != nil:
		e.tool.Warn("cannot see whether the tenant has organizations; roles held in them would be missing: %s",
			httpapi.Redact(refused.Message))
		return nil
	case err != nil:
		return err
	case hasOrganizations:
		e.tool.Warn("the tenant has organizations, and the roles held in them are not exported")
		e.tool.Hint("a0export --organizations exports them too")
	}
	return nil
}
