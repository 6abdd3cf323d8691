package a0export

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/sethvargo/go-retry"

	"a0permit/internal/auth0"
	"a0permit/internal/httpapi"
	"a0permit/internal/tool"
)

// jobLimit is when Auth0 itself gives up an export job (Auth0 docs).
const jobLimit = 8 * time.Hour

// wait polls until the job has ended well. People hear of it when its state
// changes, and every half minute.
func (e *exporter) wait(ctx context.Context, id, status string) (auth0.Job, error) {
	ctx, cancel := context.WithTimeoutCause(ctx, jobLimit, fmt.Errorf("export job %s has not ended within %s", id, jobLimit))
	defer cancel()
	interval := min(time.Second, e.pollInterval)
	last, told := status, time.Now()
	for {
		job, err := e.auth0.Job(ctx, id)
		if err != nil {
			return job, err
		}
		switch job.Status {
		case auth0.JobCompleted:
			if job.Location == "" {
				return job, fmt.Errorf("export job %s is completed, and has no location to download", id)
			}
			return job, nil
		case auth0.JobFailed, auth0.JobExpired:
			return job, e.failed(ctx, job)
		}
		if job.Status != last || time.Since(told) >= 30*time.Second {
			e.tool.Say("export job %s: %s", id, progress(job))
			last, told = job.Status, time.Now()
		}
		timer := time.NewTimer(interval)
		select {
		case <-timer.C:
		case <-ctx.Done():
			timer.Stop()
			return job, context.Cause(ctx)
		}
		interval = min(interval*3/2, e.pollInterval)
	}
}

func progress(job auth0.Job) string {
	if job.PercentDone == nil {
		return job.Status
	}
	return fmt.Sprintf("%s, %d%%", job.Status, *job.PercentDone)
}

// failed is the error of a job that has failed, with all that Auth0 says.
func (e *exporter) failed(ctx context.Context, job auth0.Job) error {
	text := fmt.Sprintf("export job %s: %s", job.ID, job.Status)
	if job.StatusDetails != "" {
		text += ": " + job.StatusDetails
	}
	// What cannot be read of the reason is no reason to hide the failure.
	if details, err := e.auth0.JobErrors(ctx, job.ID); err == nil && details != "" {
		text += ": " + details
	}
	return tool.Hint(errors.New(httpapi.Redact(text)), "run a0export again: it starts a new job")
}

// download opens the finished export. A link is good for 60 seconds, so one
// that is refused is replaced by a fresh one.
func (e *exporter) download(ctx context.Context, job auth0.Job) (io.ReadCloser, error) {
	backoff := retry.WithMaxRetries(5, retry.WithCappedDuration(10*time.Second, retry.NewExponential(500*time.Millisecond)))
	return retry.DoValue(ctx, backoff, func(ctx context.Context) (io.ReadCloser, error) {
		body, err := e.auth0.Download(ctx, job.Location)
		if err == nil || ctx.Err() != nil {
			return body, err
		}
		e.tool.Log.Info("fresh download link", "job", job.ID, "error", err)
		fresh, again := e.auth0.Job(ctx, job.ID)
		if again != nil {
			return nil, again
		}
		job = fresh
		return nil, retry.RetryableError(err)
	})
}
