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

// Export is the request for a users-export job, as CSV.
type Export struct {
	Fields       []Field `json:"fields"`
	ConnectionID string  `json:"connection_id,omitempty"` // "" is all connections
	Limit        int     `json:"limit,omitempty"`         // 0 is all users
}

// MaxFields is the most columns of a CSV export (Auth0 docs, bulk user exports).
const MaxFields = 30

// Job is an export job as Auth0 describes it.
type Job struct {
	ID            string    `json:"id"`
	Type          string    `json:"type"`
	Format        string    `json:"format"`
	Status        string    `json:"status"`
	StatusDetails string    `json:"status_details"`
	PercentDone   *int      `json:"percentage_done"`
	CreatedAt     time.Time `json:"created_at"`
	ConnectionID  string    `json:"connection_id"` // "" is all connections
	Connection    string    `json:"connection"`    // its name
	Limit         int       `json:"limit"`         // 0 is all users
	Total         int       `json:"-"`             // of the users, 0 when Auth0 does not tell
	// Location is a signed link that works for 60 seconds, and is a secret for as
	// long. Each request for the job returns a new one.
	Location httpapi.Secret `json:"location"`
}

// UnmarshalJSON implements json.Unmarshaler. Fields that only inform may have
// any type, since a job may have run for hours and must not fail because of
// them.
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

// parseNumber returns a number that may be written as a string.
func parseNumber(v any) (float64, bool) {
	const most = 1e12 // no number of Auth0's comes near it
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

// Is reports whether the job has this status, regardless of case.
func (j *Job) Is(status string) bool { return strings.EqualFold(j.Status, status) }

// The statuses that end a job. With any other the job is still running: Auth0
// publishes no list.
const (
	JobCompleted = "completed"
	JobFailed    = "failed"
	JobExpired   = "expired"
)

// StartExport starts a users-export job. When the call is repeated, a second job
// may run, which does no harm.
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

// Job returns the job as it is now.
func (c *Client) Job(ctx context.Context, id string) (Job, error) {
	var job Job
	err := c.get(ctx, "/jobs/"+url.PathEscape(id), nil, &job)
	if err == nil && job.Status == "" {
		err = fmt.Errorf("GET /jobs/%s: the answer has no status", id)
	}
	return job, err
}

// JobErrors returns what Auth0 says about a failed job, or the beginning of it.
// Often that is nothing (204).
func (c *Client) JobErrors(ctx context.Context, id string) (string, error) {
	var raw json.RawMessage
	path := "/api/v2/jobs/" + url.PathEscape(id) + "/errors"
	err := c.api.Do(ctx, httpapi.Call{Method: http.MethodGet, Path: path, Empty: true}, &raw)
	return clip(string(raw)), err
}

// ErrLink is the error of a download link that the host refused. A new link may
// work.
var ErrLink = errors.New("the download link was refused")

// File is an export that is being downloaded.
type File struct {
	io.ReadCloser

	From int64  // the offset at which it begins
	ETag string // identifies the file
	// HasEnd is whether the transfer tells the end of the file from the end of the
	// connection.
	HasEnd bool
}

// Download opens the location of a job. It begins at the offset where that is
// possible and the file is still the one of etag. The caller closes the file.
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
