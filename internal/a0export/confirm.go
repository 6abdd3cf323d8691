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
	// grace is how long before a job a user may sign up and still be missing from its
	// file. The docs do not say how soon a job sees new users.
	grace = 10 * time.Minute
	// countLimit bounds the time spent counting users. The file has been read by then.
	countLimit = 2 * time.Minute
)

// confirm implements source. Every user who was created before the job and still exists
// must be in its file. So the file must have at least as many users as Auth0 now counts
// among those created before the job.
func (j *exportJob) confirm(ctx context.Context, got joinCounts) error {
	if !j.file.packed && got.isOpen {
		return transferError(errors.New("the file ends in the middle of a row"))
	}
	want, err := j.countUsers(ctx, got.users)
	switch isProven := j.file.packed || j.file.body.HasEnd; {
	case ctx.Err() != nil:
		return context.Cause(ctx)
	case err != nil && !isProven:
		return fmt.Errorf("the download has no length, so nothing shows whether it is whole: %w", err)
	case err != nil:
		j.tool.Warn("cannot check that the export has all users: %v", err)
	case want <= got.users:
	case j.job.ConnectionID != "" && isProven:
		// The search also finds users whose linked identity is of this connection. The
		// docs do not say whether a job exports them.
		j.tool.Warn("the export has %s, but Auth0 finds %s with an identity of this connection",
			tool.Count(got.users, "user"), tool.Thousands(want))
	default:
		return tool.Hint(
			fmt.Errorf("the export has %s, but Auth0 says there are %s", tool.Count(got.users, "user"), tool.Thousands(want)),
			"run a0export again; if this stays, try a0export --source search")
	}
	return nil
}

// countUsers returns how many users the file must have. If that is more than got, it
// counts again a few times, since Auth0 may still count users who were deleted.
func (j *exportJob) countUsers(ctx context.Context, got int) (want int, err error) {
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
		want, err = j.auth0.CountUsers(ctx, query)
		if j.job.Limit > 0 {
			want = min(want, j.job.Limit)
		}
		if err != nil || want <= got || wait > 16*time.Second {
			return want, err
		}
		pause := min(wait, j.config.pollInterval)
		j.tool.Waiting(pause, "Auth0 counts more users than the export has")
		if err := httpapi.Sleep(ctx, pause); err != nil {
			return 0, err
		}
	}
}

// countQuery returns the query for the users who must be in the file. It fails if Auth0
// does not say enough about the job.
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
	filter := ""
	if j.job.ConnectionID != "" {
		filter = auth0.ConnectionQuery(j.job.Connection)
	}
	return and(filter, auth0.CreatedQuery(time.Time{}, before)), nil
}
