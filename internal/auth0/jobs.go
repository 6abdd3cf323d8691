package auth0

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"a0permit/internal/httpapi"
)

// Field is one column of an export.
type Field struct {
	Name     string `json:"name"`
	ExportAs string `json:"export_as,omitempty"`
}

// Export is a request for a users-export job that writes CSV.
type Export struct {
	Fields       []Field `json:"fields"`
	ConnectionID string  `json:"connection_id,omitempty"` // "" means all connections
	Limit        int     `json:"limit,omitempty"`         // 0 means all users
}

// MaxFields is the largest number of columns in a CSV export (Auth0 docs, bulk user
// exports).
const MaxFields = 30

// Job is the state of an export job.
type Job struct {
	ID            string    `json:"id"`
	Type          string    `json:"type"`
	Format        string    `json:"format"`
	Status        string    `json:"status"`
	StatusDetails string    `json:"status_details"`
	PercentDone   *int      `json:"percentage_done"` // nil if Auth0 does not send it
	CreatedAt     time.Time `json:"created_at"`
	ConnectionID  string    `json:"connection_id"` // "" means all connections
	Connection    string    `json:"connection"`    // its name
	Limit         int       `json:"limit"`         // 0 means all users
	Total         int       `json:"-"`             // exported users, 0 if Auth0 does not send it
	// Location is a signed download link. It works for 60 seconds and is secret for
	// that time. Each request for the job returns a new one.
	Location httpapi.Secret `json:"location"`
}

// UnmarshalJSON implements json.Unmarshaler. Fields that are only shown may have any
// type: they must not fail a job that may have run for hours.
func (j *Job) UnmarshalJSON(data []byte) error {
	type plain Job
	loose := struct {
		*plain
		PercentDone any `json:"percentage_done"`
		CreatedAt   any `json:"created_at"`
		Limit       any `json:"limit"`
		Summary     any `json:"summary"`
	}{plain: (*plain)(j)}
	if err := json.Unmarshal(data, &loose); err != nil {
		return err
	}
	if percent, ok := parseNumber(loose.PercentDone); ok {
		whole := int(percent)
		j.PercentDone = &whole
	}
	limit, _ := parseNumber(loose.Limit)
	summary, _ := loose.Summary.(map[string]any)
	total, _ := parseNumber(summary["total"])
	j.Limit, j.Total = int(limit), int(total)
	j.Status, j.StatusDetails = clip(j.Status), clip(j.StatusDetails)
	text, _ := loose.CreatedAt.(string)
	j.CreatedAt, _ = time.Parse(time.RFC3339, text)
	return nil
}

// parseNumber returns a number that may be sent as a string. It reports false for
// anything else, and for numbers beyond ±1e12.
func parseNumber(v any) (float64, bool) {
	const most = 1e12 // far above any number that Auth0 sends
	text, ok := v.(string)
	f, isNumber := v.(float64)
	if ok {
		var err error
		f, err = strconv.ParseFloat(text, 64)
		isNumber = err == nil
	}
	if !isNumber || !(f >= -most && f <= most) {
		return 0, false
	}
	return f, true
}

// Is reports whether the job has this status, ignoring case.
func (j *Job) Is(status string) bool { return strings.EqualFold(j.Status, status) }

// The statuses that end a job. Auth0 publishes no list of statuses, so any other
// means that the job is still running.
const (
	JobCompleted = "completed"
	JobFailed    = "failed"
	JobExpired   = "expired"
)

// StartExport starts a users-export job. If the call is retried, a second job may
// run, which does no harm.
func (c *Client) StartExport(ctx context.Context, export Export) (Job, error) {
	var job Job
	err := c.api.Do(ctx, httpapi.Call{Method: http.MethodPost, Path: "/api/v2/jobs/users-exports", Body: struct {
		Format string `json:"format"`
		Export
	}{"csv", export}}, &job)
	if err == nil && !isID(job.ID) {
		err = errors.New("POST /jobs/users-exports: the answer has no job id")
	}
	return job, err
}

// Job returns the current state of a job.
func (c *Client) Job(ctx context.Context, id string) (Job, error) {
	var job Job
	err := c.get(ctx, "/jobs/"+url.PathEscape(id), nil, &job)
	if err == nil && job.Status == "" {
		err = fmt.Errorf("GET /jobs/%s: the answer has no status", id)
	}
	return job, err
}

// JobErrors returns the first 1000 bytes of what Auth0 says about a failed job, as
// JSON. It is often empty (204).
func (c *Client) JobErrors(ctx context.Context, id string) (string, error) {
	var raw json.RawMessage
	path := "/api/v2/jobs/" + url.PathEscape(id) + "/errors"
	err := c.api.Do(ctx, httpapi.Call{Method: http.MethodGet, Path: path, Empty: true}, &raw)
	return clip(string(raw)), err
}

// ErrLink means that the storage host refused a download link. A new link may work.
var ErrLink = errors.New("the download link was refused")

// File is an export that is being downloaded.
type File struct {
	io.ReadCloser

	From int64  // the byte offset at which it begins
	ETag string // identifies the file
	// HasEnd reports whether the transfer marks the end of the file. Without it, a
	// lost connection looks like the end.
	HasEnd bool
}

// Download opens the location of a job. It begins at offset at if the host supports
// ranges and the file still has this etag, else at 0: see File.From. If the host
// refuses the link, the error is ErrLink. The caller closes the file.
func (c *Client) Download(ctx context.Context, location httpapi.Secret, at int64, etag string) (*File, error) {
	resp, err := c.api.Fetch(ctx, location.Reveal(), at, etag) //nolint:bodyclose // it is the file
	var api *httpapi.APIError
	switch {
	case errors.As(err, &api) && api.Status >= 400 && api.Status < 500:
		return nil, fmt.Errorf("%w: %w", ErrLink, err)
	case err != nil:
		return nil, err
	}
	file := &File{ReadCloser: resp.Body, ETag: resp.Header.Get("ETag")}
	file.HasEnd = resp.ContentLength >= 0 || len(resp.TransferEncoding) > 0 || resp.ProtoMajor > 1
	if resp.StatusCode == http.StatusPartialContent {
		file.From = at
	}
	return file, nil
}
