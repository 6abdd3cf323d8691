package a0export

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"net/http"
	"time"

	"github.com/klauspost/compress/gzip"
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

// exportUsers reads roles and organizations while the job runs, then writes the
// job's users with both joined on.
func (e *exporter) exportUsers(ctx context.Context, out io.Writer) error {
	var roles []auth0.Role
	var err error
	if e.config.roles {
		if roles, err = e.auth0.Roles(ctx); err != nil {
			return err
		}
	}
	from, err := e.source(ctx)
	if err != nil {
		return err
	}
	var columns []*column
	group, groupCtx := errgroup.WithContext(ctx)
	group.Go(func() error { return from.wait(groupCtx) })
	e.read = e.tool.Progress("role members and memberships", 0)
	reading, readCtx := errgroup.WithContext(groupCtx)
	if e.config.roles {
		held := newHolders()
		columns = append(columns, &column{name: rolesColumn, cells: held})
		reading.Go(func() error { return e.readHolders(readCtx, roles, held) })
	}
	if e.config.organizations {
		in := newMemberships()
		columns = append(columns, &column{name: organizationsColumn, cells: in})
		reading.Go(func() error { return e.readMemberships(readCtx, in) })
	} else if e.config.roles {
		reading.Go(func() error { return e.warnOfOrganizations(readCtx) })
	}
	group.Go(func() error {
		defer e.read.End() // the job prints its own status
		return reading.Wait()
	})
	if err := group.Wait(); err != nil {
		return from.withResumeHint(err)
	}
	counts, err := e.write(ctx, from, out, columns)
	if err != nil {
		return from.withResumeHint(fmt.Errorf("%s: %w", from.name(), err))
	}
	e.warn(counts, columns)
	return nil
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
		return nil, tool.Hint(err, "where the plan has no export jobs, --source search reads the users by the user search")
	case noJobs:
		e.tool.Warn("no export job: Auth0 says: %s", httpapi.Redact(refused.Message))
		e.tool.Say("reading the users by the user search instead")
		return e.newSearch(ctx)
	case err != nil:
		return nil, err
	}
	return job, nil
}

// maxCalls bounds the calls of one kind that are under way at once. The pacer
// bounds them further; this many fill 50 calls a second at 300 ms each.
const maxCalls = 32

// readHolders reads the members of each tenant-wide role. Nobody holds an
// organization's own roles tenant-wide.
func (e *exporter) readHolders(ctx context.Context, roles []auth0.Role, held *holders) error {
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(maxCalls)
	for _, role := range roles {
		if role.Type == "organization" {
			continue
		}
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
	if err := group.Wait(); err != nil {
		return err
	}
	held.seal()
	return nil
}

// readMemberships reads the members of each organization.
func (e *exporter) readMemberships(ctx context.Context, in *memberships) error {
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(maxCalls + 1) // with the list itself
	group.Go(func() error {
		for org, err := range e.auth0.Organizations(ctx) {
			if err != nil {
				return err
			}
			e.report.Organizations++
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
	if in.silent && !in.spoken {
		return tool.Hint(errors.New("Auth0 says nothing of the roles that members of organizations hold"),
			"grant the application the scope read:organization_member_roles, then get a new token; "+
				"or leave --organizations out")
	}
	in.seal()
	return nil
}

// warnOfOrganizations warns of the roles that an export without --organizations
// leaves behind.
func (e *exporter) warnOfOrganizations(ctx context.Context) error {
	some, err := e.auth0.HasOrganizations(ctx)
	refused := refusal(err, http.StatusForbidden)
	switch {
	case refused != nil:
		e.tool.Warn("cannot see whether there are organizations, whose roles would stay behind: %s",
			httpapi.Redact(refused.Message))
		return nil
	case err != nil:
		return err
	case some:
		e.tool.Warn("the tenant has organizations: the roles that members hold in them stay behind")
		e.tool.Hint("a0export --organizations takes them along")
	}
	return nil
}

// write writes the users with their columns as gzip. It closes the gzip stream
// only when everything is in it, so that nobody takes a part for the whole.
func (e *exporter) write(ctx context.Context, from source, out io.Writer, columns []*column) (joinCounts, error) {
	body, err := from.open(ctx)
	if err != nil {
		return joinCounts{}, err
	}
	defer body.Close() //nolint:errcheck // read to its end or given up
	var counts joinCounts
	err = e.pack(out, from.snapshotTime, func(rows io.Writer) error {
		var err error
		progress := e.tool.Progress("users", 0)
		defer progress.End()
		counts, err = join(ctx, body, rows, columns, progress)
		e.report.Users = counts.users
		for _, c := range columns {
			switch c.name {
			case rolesColumn:
				e.report.RoleHolders = c.found
			case organizationsColumn:
				e.report.Members = c.found
			}
		}
		if err != nil {
			return err
		}
		return from.confirm(ctx, counts)
	})
	return counts, err
}

// pack writes as gzip what fill writes. The default level costs a sixth of a
// core at the rate at which Auth0 is likely to send; the next faster one makes
// the file an eighth larger.
func (e *exporter) pack(out io.Writer, snapshotTime func() time.Time, fill func(io.Writer) error) error {
	packed := gzip.NewWriter(out)
	packed.ModTime = noTime
	rows := bufio.NewWriterSize(dated{packed, snapshotTime}, 64<<10)
	if err := fill(rows); err != nil {
		return err
	}
	if err := rows.Flush(); err != nil {
		return outputError(err)
	}
	if err := packed.Close(); err != nil {
		return outputError(err)
	}
	if packed.ModTime.Equal(noTime) {
		e.tool.Warn("Auth0 does not say of what time the export tells, which permitload --roles replace has to know")
		e.tool.Hint("a0tojsonl --as-of TIME says it")
	}
	return nil
}

// dated asks for the time in the gzip header with the first bytes.
type dated struct {
	*gzip.Writer

	time func() time.Time
}

// noTime is how gzip says that there is no time (RFC 1952, MTIME).
var noTime = time.Unix(0, 0)

func (d dated) Write(p []byte) (int, error) {
	// The header has 32 bits for it, and a time beyond them would become another.
	if at := d.time(); d.ModTime.Equal(noTime) && at.After(noTime) && at.Unix() <= math.MaxUint32 {
		d.ModTime = at
	}
	return d.Writer.Write(p)
}

func outputError(err error) error { return fmt.Errorf("output: %w", err) }

// warn warns of what the export cannot show.
func (e *exporter) warn(counts joinCounts, columns []*column) {
	for _, c := range columns {
		if outside := c.cells.users() - c.found; outside > 0 {
			e.tool.Warn("%s with %s not in the export (created meanwhile, or on another connection)",
				tool.Count(outside, "user"), c.name)
		}
	}
	if e.config.roles && counts.enterprise > 0 {
		e.tool.Warn("%s of enterprise connections: roles that they inherit from groups are not listed, "+
			"only those assigned to them", tool.Count(counts.enterprise, "user"))
	}
}
