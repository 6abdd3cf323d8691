package a0export

import (
	"context"
	"errors"
	"fmt"
	"time"

	"a0permit/internal/auth0"
	"a0permit/internal/httpapi"
	"a0permit/internal/tool"
)

const (
	// grace is how young a user may be whom a job misses: nobody says how soon a
	// job sees who has signed up.
	grace = 10 * time.Minute
	// countLimit bounds how long the users are counted, since the file has come by
	// then.
	countLimit = 2 * time.Minute
)

// confirm implements source. A user who was there before the job, and still is,
// must be in its file. So the file has at least as many users as Auth0 counts now
// of those created before.
func (j *exportJob) confirm(ctx context.Context, came joinCounts) error {
	if !j.file.packed && came.isOpen {
		return transferError(errors.New("the file ends in the middle of a row"))
	}
	there, err := j.countUsers(ctx, came.users)
	switch isProven := j.file.packed || j.file.body.HasEnd; {
	case ctx.Err() != nil:
		return context.Cause(ctx)
	case err != nil && !isProven:
		return fmt.Errorf("the download has no length, so nothing shows whether it is whole: %w", err)
	case err != nil:
		j.tool.Warn("cannot check that the export has all users: %v", err)
	case there <= came.users:
	case j.job.ConnectionID != "" && isProven:
		// Auth0's docs do not say whether a job takes a user whose second identity is
		// of the connection, as the search does.
		j.tool.Warn("the export has %s, but Auth0 finds %s with an identity of this connection",
			tool.Count(came.users, "user"), tool.Thousands(there))
	default:
		return tool.Hint(
			fmt.Errorf("the export has %s, but Auth0 says there are %s", tool.Count(came.users, "user"), tool.Thousands(there)),
			"run a0export again; if this stays, try a0export --source search")
	}
	return nil
}

// countUsers returns how many users the file must have. A count that is larger
// than came is asked for again, since users who were deleted may be counted for a
// while.
func (j *exportJob) countUsers(ctx context.Context, came int) (there int, err error) {
	if j.job.Total > 0 {
		return j.job.Total, nil
	}
	query, err := j.countQuery()
	if err != nil {
		return 0, err
	}
	ctx, cancel := context.WithTimeoutCause(ctx, countLimit, fmt.Errorf("Auth0 gave no count within %s", countLimit))
	defer cancel()
	for wait := time.Second; ; wait *= 2 {
		there, err = j.auth0.CountUsers(ctx, query)
		if j.job.Limit > 0 {
			there = min(there, j.job.Limit)
		}
		if err != nil || there <= came || wait > 16*time.Second {
			return there, err
		}
		pause := min(wait, j.config.pollInterval)
		j.tool.Waiting(pause, "Auth0 counts more users than the export has")
		if err := httpapi.Sleep(ctx, pause); err != nil {
			return 0, err
		}
	}
}

// countQuery returns the query for the users who must be in the file.
func (j *exportJob) countQuery() (string, error) {
	switch {
	case j.job.CreatedAt.IsZero():
		return "", errors.New("Auth0 does not say when the job was created")
	case j.job.ConnectionID != "" && j.job.Connection == "":
		return "", errors.New("Auth0 does not name the connection")
	}
	before := j.job.CreatedAt
	if j.file.packed || j.file.body.HasEnd {
		before = before.Add(-grace)
	}
	within := ""
	if j.job.ConnectionID != "" {
		within = auth0.ConnectionQuery(j.job.Connection)
	}
	return and(within, auth0.CreatedQuery(time.Time{}, before)), nil
}
