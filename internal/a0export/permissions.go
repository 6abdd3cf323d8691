package a0export

import (
	"cmp"
	"context"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/sync/errgroup"

	"a0permit/internal/auth0"
	"a0permit/internal/tool"
)

// readPermissions returns the permissions of each role, in the order of roles. It makes
// at least one call per role, and one per hundred permissions.
func (e *exporter) readPermissions(
	ctx context.Context, roles []auth0.Role, progress *tool.Progress,
) ([][]auth0.Permission, error) {
	all := make([][]auth0.Permission, len(roles))
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(maxCalls)
	for i, role := range roles {
		group.Go(func() (err error) {
			all[i], err = e.auth0.RolePermissions(ctx, role.ID)
			progress.Add(1)
			return err
		})
	}
	return all, group.Wait()
}

// permissionsTable returns the table of roles, with a column for their permissions.
func permissionsTable(roles []auth0.Role, permissions [][]auth0.Permission) table {
	rows := make([][]string, len(roles))
	for i, r := range roles {
		slices.SortFunc(permissions[i], comparePermissions)
		rows[i] = []string{r.ID, r.Name, r.Description, jsonArray(permissions[i])}
	}
	return table{[]string{"role_id", "name", "description", "permissions"}, fromSlice(rows)}
}

// jsonArray returns a list as a JSON array, [] even if the list is nil.
func jsonArray[T any](list []T) string {
	if len(list) == 0 {
		return "[]"
	}
	return string(toJSON(list))
}

func comparePermissions(a, b auth0.Permission) int {
	return cmp.Or(strings.Compare(a.API, b.API), strings.Compare(a.Name, b.Name))
}

// systemAPI matches the identifiers of Auth0's own APIs in each tenant: the Management
// API, My Account and My Organization.
var systemAPI = regexp.MustCompile(`^https://[^/]+\.auth0\.com/(api/v2|me|my-org)/$`)

// dropSystemPermissions removes permissions on Auth0's own APIs from those of the
// roles, since they concern Auth0 only. apis may be nil; then only the identifiers show
// which APIs are Auth0's.
func (e *exporter) dropSystemPermissions(permissions [][]auth0.Permission, apis []auth0.API) {
	isSystem := map[string]bool{}
	for _, a := range apis {
		isSystem[a.Identifier] = a.IsSystem
	}
	dropped := 0
	for i, list := range permissions {
		permissions[i] = slices.DeleteFunc(list, func(p auth0.Permission) bool {
			return isSystem[p.API] || systemAPI.MatchString(p.API)
		})
		dropped += len(list) - len(permissions[i])
		e.report.Permissions += len(permissions[i])
	}
	if dropped > 0 {
		e.tool.Warn("%s on Auth0's own APIs left out: they say what may be done in Auth0",
			tool.Count(dropped, "role permission"))
	}
	e.tool.Say("permissions given to users directly are not exported: Auth0 lists them only user by user")
}

// ownAPIs returns the APIs that are not Auth0's. It warns of APIs without RBAC, where
// roles decide nothing.
func (e *exporter) ownAPIs(apis []auth0.API) []auth0.API {
	own := slices.DeleteFunc(slices.Clone(apis), func(a auth0.API) bool { return a.IsSystem })
	e.report.APIs = len(own)
	var open []string
	for _, a := range own {
		if !a.RBAC {
			open = append(open, a.Name+" ("+a.Identifier+")")
		}
	}
	if len(open) > 0 {
		const most = 5
		list := strings.Join(open[:min(most, len(open))], ", ")
		if more := len(open) - most; more > 0 {
			list += " and " + tool.Thousands(more) + " more"
		}
		e.tool.Warn("RBAC is off for %s: any user can get their permissions in Auth0, but only through roles in Permit: %s",
			tool.Count(len(open), "API"), list)
	}
	return own
}

func apisTable(apis []auth0.API) table {
	return table{
		[]string{"resource_server_id", "identifier", "name", "rbac", "permissions"},
		rowsOf(fromSlice(apis), func(a auth0.API) []string {
			return []string{a.ID, a.Identifier, a.Name, strconv.FormatBool(a.RBAC), jsonArray(a.Scopes)}
		}),
	}
}
