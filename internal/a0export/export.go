package a0export

import (
	"bufio"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"net/http"
	"slices"
	"time"

	"github.com/klauspost/compress/gzip"
	"golang.org/x/sync/errgroup"

	"a0permit/internal/auth0"
	"a0permit/internal/httpapi"
	"a0permit/internal/tool"
)

// source is where the users come from.
type source interface {
	name() string
	// ready waits until open can answer.
	ready(ctx context.Context) error
	// taken is when the users were as they are told.
	taken() time.Time
	// open is the users as CSV.
	open(ctx context.Context) (io.ReadCloser, error)
	// takeUp says how to go on after an error.
	takeUp(err error) error
}

// users exports users: roles, organizations and the job side by side, then the
// job's users past the others.
func (e *exporter) users(ctx context.Context, out io.Writer) error {
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
	group.Go(func() error { return from.ready(groupCtx) })
	e.read = e.tool.Progress("role members and memberships", 0)
	reading, readCtx := errgroup.WithContext(groupCtx)
	if e.config.roles {
		held := newHolders()
		columns = append(columns, &column{name: rolesColumn, cells: held})
		reading.Go(func() error { return e.holders(readCtx, roles, held) })
	}
	if e.config.organizations {
		in := newMemberships()
		columns = append(columns, &column{name: organizationsColumn, cells: in})
		reading.Go(func() error { return e.memberships(readCtx, in) })
	} else if e.config.roles {
		reading.Go(func() error { return e.leftBehind(readCtx) })
	}
	group.Go(func() error {
		defer e.read.End() // the job tells of itself
		return reading.Wait()
	})
	if err := group.Wait(); err != nil {
		return from.takeUp(err)
	}
	done, err := e.write(ctx, from, out, columns)
	if err != nil {
		return from.takeUp(fmt.Errorf("%s: %w", from.name(), err))
	}
	e.warn(done, columns)
	return nil
}

// source starts the export job, or falls back on the search where the plan has
// no such jobs. Auth0 refuses those with a 403 that names no scope.
func (e *exporter) source(ctx context.Context) (source, error) {
	if e.config.source == "search" {
		return e.search(ctx)
	}
	job, err := e.start(ctx)
	var api *httpapi.APIError
	noJobs := e.config.job == "" && errors.As(err, &api) && api.Status == http.StatusForbidden && len(auth0.MissingScopes(err)) == 0
	switch {
	case noJobs && e.config.source == "job":
		return nil, tool.Hint(err, "where the plan has no export jobs, --source search reads the users by the user search")
	case noJobs:
		e.tool.Warn("no export job: Auth0 says: %s", httpapi.Redact(api.Message))
		e.tool.Say("reading the users by the user search instead")
		return e.search(ctx)
	case err != nil:
		return nil, err
	}
	return job, nil
}

// sideBySide bounds the calls of one kind that are under way together. The
// pacer bounds them further; this many fill 50 calls a second at 300 ms each.
const sideBySide = 32

// each makes a task of each item of a list, in its order, and does the tasks
// side by side. An error of the list or of a task ends the others.
func each[T any](ctx context.Context, list iter.Seq2[T, error], task func(T) func(context.Context) error) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(sideBySide)
	for item, err := range list {
		if err != nil {
			cancel()
			return cmp.Or(err, group.Wait())
		}
		do := task(item)
		group.Go(func() error { return do(ctx) })
	}
	return group.Wait()
}

// holders reads the members of each tenant-wide role. An organization's own
// roles are not held tenant-wide.
func (e *exporter) holders(ctx context.Context, roles []auth0.Role, held *holders) error {
	roles = slices.DeleteFunc(slices.Clone(roles), func(r auth0.Role) bool { return r.Type == "organization" })
	err := each(ctx, listed(roles, nil), func(role auth0.Role) func(context.Context) error {
		e.report.Roles++
		number := held.role(role.Name)
		return func(ctx context.Context) error {
			for userID, err := range e.auth0.RoleUsers(ctx, role.ID) {
				if err != nil {
					return err
				}
				held.add(userID, number)
				e.read.Add(1)
			}
			return nil
		}
	})
	if err != nil {
		return err
	}
	held.seal()
	return nil
}

// memberships reads the members of each organization.
func (e *exporter) memberships(ctx context.Context, in *memberships) error {
	err := each(ctx, e.auth0.Organizations(ctx), func(org auth0.Organization) func(context.Context) error {
		e.report.Organizations++
		number := in.organization(org)
		return func(ctx context.Context) error {
			for member, err := range e.auth0.Members(ctx, org.ID) {
				if err != nil {
					return err
				}
				in.add(number, member)
				e.read.Add(1)
			}
			return nil
		}
	})
	if err != nil {
		return err
	}
	if in.silent && !in.spoken {
		return tool.Hint(errors.New("Auth0 says nothing of the roles that members of organizations hold"),
			"grant the application the scope read:organization_member_roles, then get a new token; or leave --organizations out")
	}
	in.seal()
	return nil
}

// leftBehind warns of what an export without --organizations leaves out.
func (e *exporter) leftBehind(ctx context.Context) error {
	some, err := e.auth0.HasOrganizations(ctx)
	var api *httpapi.APIError
	switch {
	case errors.As(err, &api) && api.Status == http.StatusForbidden:
		e.tool.Warn("cannot see whether there are organizations, whose roles would stay behind: %s", httpapi.Redact(api.Message))
		return nil
	case err != nil:
		return err
	case some:
		e.tool.Warn("the tenant has organizations: the roles that members hold in them stay behind")
		e.tool.Hint("a0export --organizations takes them along")
	}
	return nil
}

// write streams the users past the columns into gzip. The gzip stream is closed
// only when everything is in it, so that one that is not whole shows it.
func (e *exporter) write(ctx context.Context, from source, out io.Writer, columns []*column) (joined, error) {
	body, err := from.open(ctx)
	if err != nil {
		return joined{}, err
	}
	defer body.Close() //nolint:errcheck // read to its end or given up
	var done joined
	err = pack(out, from.taken(), func(rows io.Writer) error {
		var err error
		p := e.tool.Progress("users", 0)
		defer p.End()
		done, err = join(ctx, body, rows, columns, p)
		e.report.Users = done.users
		for _, c := range columns {
			switch c.name {
			case rolesColumn:
				e.report.RoleHolders = c.found
			case organizationsColumn:
				e.report.Members = c.found
			}
		}
		return err
	})
	return done, err
}

// pack gives fill a writer into gzip. The default level costs a sixth of a core
// at the rate at which Auth0 is likely to send; the next faster one makes the
// file an eighth larger.
func pack(out io.Writer, taken time.Time, fill func(io.Writer) error) error {
	packed := gzip.NewWriter(out)
	packed.ModTime = taken
	rows := bufio.NewWriterSize(packed, 64<<10)
	if err := fill(rows); err != nil {
		return err
	}
	if err := rows.Flush(); err != nil {
		return outputError(err)
	}
	if err := packed.Close(); err != nil {
		return outputError(err)
	}
	return nil
}

func outputError(err error) error { return fmt.Errorf("output: %w", err) }

// warn says what the export cannot show.
func (e *exporter) warn(done joined, columns []*column) {
	for _, c := range columns {
		if outside := c.cells.users() - c.found; outside > 0 {
			e.tool.Warn("%s with %s not in the export (created meanwhile, or on another connection)", tool.Count(outside, "user"), c.name)
		}
	}
	if e.config.roles && done.enterprise > 0 {
		e.tool.Warn("%s of enterprise connections: roles that they inherit from groups are not listed, only those assigned to them", tool.Count(done.enterprise, "user"))
	}
}
