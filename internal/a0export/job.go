package a0export

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	"a0permit/internal/auth0"
	"a0permit/internal/httpapi"
	"a0permit/internal/tool"
)

// jobLimit is the time after which Auth0 gives up an export job (Auth0 docs).
const jobLimit = 8 * time.Hour

// exportJob is a source that reads users from an export job.
type exportJob struct {
	*exporter

	job  auth0.Job
	file *download // set by open
}

// startJob starts an export job, or resumes the one in --job.
func (e *exporter) startJob(ctx context.Context) (*exportJob, error) {
	var job auth0.Job
	var err error
	if e.config.job == "" {
		job, err = e.auth0.StartExport(ctx, auth0.Export{
			Fields: e.config.fields, ConnectionID: e.config.connection, Limit: e.config.limit,
		})
		job.ConnectionID, job.Limit = e.config.connection, e.config.limit
	} else {
		job, err = e.resumeJob(ctx, e.config.job)
	}
	if err != nil {
		return nil, err
	}
	e.report.Job = job.ID
	e.tool.Say("export job %s: %s", job.ID, jobStatus(job))
	job.CreatedAt = e.creationTime(job)
	return &exportJob{exporter: e, job: job}, nil
}

// creationTime returns when a job was created, by Auth0's clock. If created_at is
// missing or in the future, it returns the current time for a new job, and zero for a
// resumed one.
func (e *exporter) creationTime(job auth0.Job) time.Time {
	now, isNew := e.auth0.Now(), e.config.job == ""
	// now comes from a Date header, which has no fractions of a second.
	isCredible := !job.CreatedAt.IsZero() && (now.IsZero() || job.CreatedAt.Before(now.Add(time.Second)))
	switch {
	case isCredible:
		return job.CreatedAt
	case isNew:
		return now
	}
	return time.Time{}
}

// resumeJob returns the job with this id. It fails unless it exports users as CSV.
func (e *exporter) resumeJob(ctx context.Context, id string) (auth0.Job, error) {
	job, err := e.auth0.Job(ctx, id)
	switch {
	case refusal(err, http.StatusNotFound) != nil:
		return job, tool.Hint(err, "Auth0 keeps jobs for 24 hours: leave --job out to start a new one")
	case err != nil:
		return job, err
	case job.Type != "" && job.Type != "users_export", job.Format != "" && job.Format != "csv":
		kind := strings.TrimSpace(job.Type + " " + job.Format)
		return job, tool.Hint(fmt.Errorf("%s is not a users export as CSV, but %s", id, kind),
			"leave --job out to start an export")
	}
	job.ID = id
	return job, nil
}

// errJobEnded marks the error of a job that cannot be resumed.
var errJobEnded = errors.New("")

func (j *exportJob) name() string { return "export job " + j.job.ID }

// withResumeHint implements source. A job outlives this run, so --job can resume it.
func (j *exportJob) withResumeHint(err error) error {
	if errors.Is(err, errJobEnded) {
		return err
	}
	if refused := refusal(err, http.StatusNotFound); refused != nil && strings.Contains(refused.Path, j.job.ID) {
		return tool.Hint(err, "Auth0 keeps jobs for 24 hours: run a0export again without --job")
	}
	if !jobIDShape.MatchString(j.job.ID) { // --job would refuse this id
		return j.withHint(err)
	}
	command := "a0export"
	if j.config.command != "users" {
		command += " " + j.config.command
	}
	command += " --job " + j.job.ID
	return addHint(j.withHint(err), command+" goes on with the same job (Auth0 keeps it for 24 hours); "+
		"repeat your other flags, but not --field, --connection or --limit")
}

// wait polls until the job has completed. It prints each new status, and shows the
// percentage in the progress line. It fails if the job fails or takes longer than
// jobLimit.
func (j *exportJob) wait(ctx context.Context) error {
	ctx, cancel := context.WithTimeoutCause(ctx, jobLimit,
		fmt.Errorf("export job %s did not end within %s", j.job.ID, jobLimit))
	defer cancel()
	interval := min(time.Second, j.config.pollInterval)
	last := j.job.Status
	j.read.Status("export job " + j.job.ID + ": " + jobStatus(j.job))
	for {
		job, err := j.auth0.Job(ctx, j.job.ID)
		if err != nil {
			return err
		}
		job.ID, job.CreatedAt = j.job.ID, j.job.CreatedAt
		job.ConnectionID, job.Limit = j.job.ConnectionID, j.job.Limit
		job.Connection = cmp.Or(job.Connection, j.job.Connection)
		switch {
		case job.Is(auth0.JobCompleted):
			if job.Location == "" {
				return fmt.Errorf("export job %s is completed, but Auth0 gave no download link", j.job.ID)
			}
			j.job = job
			j.tool.Say("export job %s: %s", j.job.ID, job.Status)
			j.read.Status("")
			return nil
		case job.Is(auth0.JobFailed), job.Is(auth0.JobExpired):
			return j.failure(ctx, job)
		}
		if job.Status != last {
			j.tool.Say("export job %s: %s", j.job.ID, jobStatus(job))
			last = job.Status
		}
		j.read.Status("export job " + j.job.ID + ": " + jobStatus(job))
		if err := httpapi.Sleep(ctx, interval); err != nil {
			return err
		}
		interval = min(interval*3/2, j.config.pollInterval)
	}
}

// jobStatus returns a job's status in Auth0's words, with its percentage if Auth0 sends
// one.
func jobStatus(job auth0.Job) string {
	if job.PercentDone == nil {
		return job.Status
	}
	return fmt.Sprintf("%s, %d%%", job.Status, *job.PercentDone)
}

// failure returns the error of a failed job, with the details that Auth0 gives.
func (j *exportJob) failure(ctx context.Context, job auth0.Job) error {
	text := fmt.Sprintf("export job %s: %s", j.job.ID, job.Status)
	if job.StatusDetails != "" {
		text += ": " + job.StatusDetails
	}
	// If the reasons cannot be read, the failure is reported without them.
	if details, err := j.auth0.JobErrors(ctx, j.job.ID); err == nil && details != "" {
		text += ": " + details
	}
	return tool.Hint(fmt.Errorf("%s%w", httpapi.Redact(text), errJobEnded),
		"run a0export again without --job to start a new job")
}

// snapshotTime implements source.
func (j *exportJob) snapshotTime() time.Time { return j.job.CreatedAt }

// open implements source.
func (j *exportJob) open(ctx context.Context) (io.ReadCloser, error) {
	j.file = newDownload(ctx, j)
	switch err := j.file.open(); {
	case httpapi.Unreachable(err): // the storage host; the tenant itself has answered
		return nil, tool.Hint(fmt.Errorf("download: %w", err),
			"the file is on another host than the tenant: check that a firewall or proxy lets you reach it")
	case err != nil:
		return nil, fmt.Errorf("download: %w", err)
	}
	plain, err := j.file.gunzip()
	if err != nil {
		return nil, errors.Join(err, j.file.Close())
	}
	return struct {
		io.Reader
		io.Closer
	}{transferReader{plain}, j.file}, nil
}
