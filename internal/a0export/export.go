package a0export

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"time"

	"golang.org/x/sync/errgroup"

	"a0permit/internal/auth0"
	"a0permit/internal/httpapi"
	"a0permit/internal/tool"
)

// source is where the users come from: an export job or the user search.
type source interface {
	name() string
	// wait returns when open can answer.
	wait(ctx context.Context) error
	// open returns the users as CSV.
	open(ctx context.Context) (io.ReadCloser, error)
	// snapshotTime returns the time of which the users tell, by Auth0's clock. It
	// is asked when the first of them have come, and zero where nobody knows it.
	snapshotTime() time.Time
	// confirm returns an error when the users that came are fewer than those that
	// Auth0 has.
	confirm(ctx context.Context, came joinCounts) error
	// withResumeHint returns err with a hint that says how to go on.
	withResumeHint(err error) error
}

// found is what is read of a tenant beside its users.
type found struct {
	roles         []auth0.Role
	permissions   [][]auth0.Permission // of the roles; for a0export all alone, as the rest
	apis          []auth0.API
	organizations []auth0.Organization
	columns       []*column
}

// exportUsers reads roles and organizations while the job runs, then writes the
// job's users with both joined on. a0export all has their tables before that.
func (e *exporter) exportUsers(ctx context.Context, out io.Writer) error {
	var has found
	var err error
	// Memberships need them too, to tell the tenant's roles from the organization's own.
	if e.config.roles || e.config.organizations {
		if has.roles, err = e.auth0.Roles(ctx); err != nil {
			return err
		}
	}
	from, err := e.source(ctx)
	if err != nil {
		return err
	}
	if err := e.readBeside(ctx, from, &has); err != nil {
		return e.withLessHint(from.withResumeHint(err))
	}
	counts, err := e.write(ctx, from, out, &has)
	if err != nil {
		return from.withResumeHint(fmt.Errorf("%s: %w", from.name(), err))
	}
	e.warn(counts, has.columns)
	return nil
}

// readBeside reads what is joined on, and returns when the users can be read too.
func (e *exporter) readBeside(ctx context.Context, from source, has *found) error {
	what := "role members and memberships"
	if e.config.command == "all" {
		what = "role members, memberships and roles with permissions"
	}
	e.read = e.tool.Progress(what, 0)
	defer e.read.End()
	group, ctx := errgroup.WithContext(ctx)
	group.Go(func() error { return from.wait(ctx) })
	if e.config.roles {
		held := newHolders()
		has.columns = append(has.columns, &column{name: rolesColumn, cells: held})
		group.Go(func() error { return e.readHolders(ctx, has.roles, held) })
	}
	if e.config.organizations {
		in := newMemberships(has.roles)
		has.columns = append(has.columns, &column{name: organizationsColumn, cells: in})
		group.Go(func() error { return e.readMemberships(ctx, in, has) })
	} else if e.config.roles {
		group.Go(func() error { return e.warnOfOrganizations(ctx) })
	}
	if e.config.command == "all" {
		group.Go(func() (err error) {
			has.permissions, err = e.readPermissions(ctx, has.roles, e.read)
			return err
		})
		group.Go(func() (err error) {
			has.apis, err = e.auth0.APIs(ctx)
			return err
		})
	}
	return group.Wait()
}

// source starts the export job, or a search where the plan has no such jobs.
// Auth0 refuses those with a 403 that names no scope.
func (e *exporter) source(ctx context.Context) (source, error) {
	if e.config.source == "search" {
		return e.newSearch(ctx)
	}
	job, err := e.startJob(ctx)
	refused := refusal(err, http.StatusForbidden)
	noJobs := e.config.job == "" && refused != nil && len(auth0.MissingScopes(err)) == 0
	switch {
	case noJobs && e.config.source == "job":
		return nil, tool.Hint(err, "if the plan has no export jobs: a0export --source search")
	case noJobs:
		e.tool.Warn("Auth0 started no export job: %s", httpapi.Redact(refused.Message))
		e.tool.Say("reading the users with the user search instead")
		return e.newSearch(ctx)
	case err != nil:
		return nil, err
	}
	return job, nil
}

// write writes the users with their columns as gzip, and before them the tables of
// a0export all. It closes the gzip stream only when everything is in it, so that
// nobody takes a part for the whole.
func (e *exporter) write(ctx context.Context, from source, out io.Writer, has *found) (joinCounts, error) {
	body, err := from.open(ctx)
	if err != nil {
		return joinCounts{}, err
	}
	defer body.Close() //nolint:errcheck // read to its end or given up
	snapshotTime := from.snapshotTime
	if e.config.command == "all" {
		snapshotTime = func() time.Time { return older(e.auth0.StartTime(), from.snapshotTime()) }
	}
	var counts joinCounts
	err = e.pack(out, snapshotTime, func(rows io.Writer) error {
		if e.config.command == "all" {
			if err := e.writeTables(ctx, has, rows); err != nil {
				return err
			}
		}
		counts, err = e.joinUsers(ctx, body, rows, has.columns)
		if err != nil {
			return err
		}
		return from.confirm(ctx, counts)
	})
	return counts, err
}

// joinUsers writes the rows of the users with the columns appended.
func (e *exporter) joinUsers(
	ctx context.Context, body io.Reader, rows io.Writer, columns []*column,
) (joinCounts, error) {
	progress := e.tool.Progress("users", 0)
	defer progress.End()
	counts, err := join(ctx, body, rows, columns, progress)
	e.report.Users = counts.users
	for _, c := range columns {
		switch c.name {
		case rolesColumn:
			e.report.RoleHolders = c.found
		case organizationsColumn:
			e.report.Members = c.found
		}
	}
	return counts, err
}

// warn warns of what the export cannot show.
func (e *exporter) warn(counts joinCounts, columns []*column) {
	for _, c := range columns {
		if outside := c.cells.users() - c.found; outside > 0 {
			e.tool.Warn("%s with %s not in the export (created meanwhile, or on another connection)",
				tool.Count(outside, "user"), c.name)
		}
	}
	e.warnOfUnread(counts.enterprise)
}
