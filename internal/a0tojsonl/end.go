package a0tojsonl

import (
	"context"
	"time"

	"a0permit/internal/record"
	"a0permit/internal/tool"
)

// finish writes the end line, even after an error, and prints sums and warnings. cause
// is the error that ended the run, or nil. It returns the first error.
func (r *runner) finish(ctx context.Context, cause error) error {
	if cause == nil { // an interrupt may come after the last row
		cause = context.Cause(ctx)
	}
	r.report.Complete = cause == nil
	end := record.End{
		Type: record.TypeEnd, Complete: cause == nil,
		Users: r.report.Users, Roles: r.report.Roles, Tenants: r.report.Tenants, Resources: r.report.Resources,
		Rejected: r.report.Rejected,
	}
	switch {
	case cause == nil:
	case ctx.Err() != nil:
		end.Reason = "interrupted"
	default:
		end.Reason = cause.Error()
	}
	if !r.asOf.IsZero() {
		end.AsOf = r.asOf.UTC().Format(time.RFC3339)
	}
	err := r.out.Write(&end)
	if err == nil {
		err = r.out.Flush()
	}
	if err == nil {
		err = r.rejects.flush()
	} else {
		err = outputError(err)
	}
	r.rejects.printEnd(cause == nil && err == nil)
	r.printWarnings()
	if cause == nil && err != nil {
		r.report.Complete = false
		return err
	}
	return cause
}

func (r *runner) printWarnings() {
	if r.options.TenantsByName && r.report.Tenants > 0 {
		r.tool.Warn("--tenant-key name: when an organization is renamed in Auth0, the next load creates a second tenant")
	}
	if n := r.withoutRole; n > 0 {
		r.tool.Warn("%s without a role left out: in Permit a member needs a role",
			tool.Count(n, "organization membership"))
	}
	if n := r.bareIDs; n > 0 {
		r.tool.Warn("%s without a provider such as auth0|: the sub of a token will never match", tool.Count(n, "user id"))
		r.tool.Hint("export the field user_id, not identities[0].user_id; a0export does that")
	}
	r.printPermissionWarnings()
	if r.report.Tenants > 0 && r.rolesOnly {
		r.tool.Warn("the input has organizations, but the users have no organizations column: " +
			"permitload --roles replace would remove their roles in organizations")
		r.tool.Hint("export the users with their memberships: a0export users --organizations")
	}
	if unused := r.catalogue.UnusedMappings(); r.report.Complete && len(unused) > 0 {
		r.tool.Warn("--role-map: %s for no role in the input, the first for %q", tool.Count(len(unused), "line"), unused[0])
	}
}
