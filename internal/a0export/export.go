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

// source provides the users: an export job or the user search.
type source interface {
	name() string
	// wait returns once open can be called.
	wait(ctx context.Context) error
	// open returns the users as CSV.
	open(ctx context.Context) (io.ReadCloser, error)
	// snapshotTime returns the time of the snapshot by Auth0's clock: later changes may
	// be missing. It is called after the first users have arrived. It is zero if Auth0
	// does not say.
	snapshotTime() time.Time
	// confirm returns an error if Auth0 has more users than the export.
	confirm(ctx context.Context, got joinCounts) error
	// withResumeHint returns err with a hint that says how to continue.
	withResumeHint(err error) error
}

// tenantData is what is read from a tenant besides its users. Only a0export all reads
// permissions, apis and organizations.
type tenantData struct {
	roles         []auth0.Role
	permissions   [][]auth0.Permission // by role, in the order of roles
	apis          []auth0.API
	organizations []auth0.Organization
	columns       []*column // to append to the users
}

// exportUsers reads roles and organizations while the job runs, and then writes the
// users with both appended. For a0export all it writes the other tables first.
func (e *exporter) exportUsers(ctx context.Context, out io.Writer) error {
	var data tenantData
	var err error
	// Memberships need the roles to tell them from roles of an organization.
	if e.config.roles || e.config.organizations {
		if data.roles, err = e.auth0.Roles(ctx); err != nil {
			return err
		}
	}
	from, err := e.source(ctx)
	if err != nil {
		return err
	}
	if err := e.readData(ctx, from, &data); err != nil {
		return e.withLessHint(from.withResumeHint(err))
	}
	counts, err := e.write(ctx, from, out, &data)
	if err != nil {
		return from.withResumeHint(fmt.Errorf("%s: %w", from.name(), err))
	}
	e.warn(counts, data.columns)
	return nil
}

// readData reads the rest of data, and returns once the users can be read too.
func (e *exporter) readData(ctx context.Context, from source, data *tenantData) error {
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
		data.columns = append(data.columns, &column{name: rolesColumn, cells: held})
		group.Go(func() error { return e.readHolders(ctx, data.roles, held) })
	}
	if e.config.organizations {
		in := newMemberships(data.roles)
		data.columns = append(data.columns, &column{name: organizationsColumn, cells: in})
		group.Go(func() error { return e.readMemberships(ctx, in, data) })
	} else if e.config.roles {
		group.Go(func() error { return e.warnOfOrganizations(ctx) })
	}
	if e.config.command == "all" {
		group.Go(func() (err error) {
			data.permissions, err = e.readPermissions(ctx, data.roles, e.read)
			return err
		})
		group.Go(func() (err error) {
			data.apis, err = e.auth0.APIs(ctx)
			return err
		})
	}
	return group.Wait()
}

// source starts an export job, or a search if the plan has no export jobs. In that case
// Auth0 answers with a 403 that names no scope.
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

// write writes the users and their columns as gzip; for a0export all, the other tables
// come first. It ends the gzip stream only if everything has been written, so that
// nobody takes a part for the whole.
func (e *exporter) write(ctx context.Context, from source, out io.Writer, data *tenantData) (joinCounts, error) {
	body, err := from.open(ctx)
	if err != nil {
		return joinCounts{}, err
	}
	defer body.Close() //nolint:errcheck // read to its end or given up
	snapshotTime := from.snapshotTime
	if e.config.command == "all" {
		snapshotTime = func() time.Time { return earlier(e.auth0.StartTime(), from.snapshotTime()) }
	}
	var counts joinCounts
	err = e.pack(out, snapshotTime, func(rows io.Writer) error {
		if e.config.command == "all" {
			if err := e.writeTables(ctx, data, rows); err != nil {
				return err
			}
		}
		counts, err = e.joinUsers(ctx, body, rows, data.columns)
		if err != nil {
			return err
		}
		return from.confirm(ctx, counts)
	})
	return counts, err
}

// joinUsers writes the rows of the users, with the columns appended.
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

// warn warns of users and roles that the export may lack.
func (e *exporter) warn(counts joinCounts, columns []*column) {
	for _, c := range columns {
		if outside := c.cells.users() - c.found; outside > 0 {
			e.tool.Warn("%s with %s not in the export (created meanwhile, or on another connection)",
				tool.Count(outside, "user"), c.name)
		}
	}
	e.warnOfUnreadGroups(counts.enterprise)
}
