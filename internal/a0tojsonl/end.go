package a0tojsonl

import (
	"context"
	"time"

	"a0permit/internal/record"
	"a0permit/internal/tool"
)

// finish writes the end line, whatever has happened, and prints sums and warnings.
// It returns the first error.
func (r *runner) finish(ctx context.Context, cause error) error {
	if cause == nil { // an interrupt may come after all is read
		cause = context.Cause(ctx)
	}
	r.report.Complete = cause == nil
	end := record.End{
		Type: record.TypeEnd, Complete: cause == nil,
		Users: r.report.Users, Roles: r.report.Roles, Tenants: r.report.Tenants, Rejected: r.report.Rejected,
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
	r.rejects.printSums()
	r.printWarnings()
	if cause == nil && err != nil {
		r.report.Complete = false
		return err
	}
	return cause
}

func (r *runner) printWarnings() {
	if r.options.TenantsByName && r.report.Tenants > 0 {
		r.tool.Warn("--tenant-key name: a name may change in Auth0, and the next load would make another tenant of it")
	}
	if n := r.withoutRole; n > 0 {
		r.tool.Warn("%s without a role left out: Permit has no membership without one",
			tool.Count(n, "organization membership"))
	}
	if n := r.bareIDs; n > 0 {
		r.tool.Warn("%s without a provider before a |: no token's sub will ever be such a key", tool.Count(n, "user id"))
		r.tool.Hint(`export the field user_id, and not identities[0].user_id: a0export does, or an export job ` +
			`with "fields": [{"name": "user_id"}]`)
	}
	if r.report.Tenants > 0 && r.rolesOnly {
		r.tool.Warn("the users say nothing of organizations, which the input has: " +
			"permitload --roles replace would take away what they hold there")
		r.tool.Hint("a0export users --organizations takes the memberships along")
	}
	if unused := r.catalogue.UnusedMappings(); r.report.Complete && len(unused) > 0 {
		r.tool.Warn("--role-map: %s for no role of the input, the first for %q", tool.Count(len(unused), "line"), unused[0])
	}
}
