package auth0test

import (
	"crypto/md5"
	"encoding/hex"
	"math/rand/v2"
	"net/http"
	"slices"
	"time"
)

const (
	statusPending    = "pending"
	statusProcessing = "processing"
	statusCompleted  = "completed"

	jobLife = 24 * time.Hour // docs: bulk user exports, job data is deleted after 24 hours
)

// job is an export job. An export is a snapshot, so its file is written when the job
// is created and does not show later changes.
type job struct {
	id         string
	export     export
	connection string // its name
	created    time.Time
	polls      int
	file       []byte // gzip
	etag       string
}

// jobRow is a job as Auth0 sends it, its fields in the order of a recorded answer.
type jobRow struct {
	Type            string     `json:"type"`
	Status          string     `json:"status"`
	ConnectionID    string     `json:"connection_id,omitempty"`
	Format          string     `json:"format"`
	Limit           *int       `json:"limit,omitempty"`
	Fields          []jobField `json:"fields,omitempty"`
	Location        string     `json:"location,omitempty"`
	StatusDetails   string     `json:"status_details,omitempty"`
	PercentageDone  *int       `json:"percentage_done,omitempty"`
	TimeLeftSeconds *int       `json:"time_left_seconds,omitempty"`
	Connection      string     `json:"connection"` // required (spec); unverified: "" for all connections
	CreatedAt       string     `json:"created_at"`
	ID              string     `json:"id"`
}

func (j *job) row(status string) jobRow {
	return jobRow{
		Type: "users_export", Status: status, ConnectionID: j.export.ConnectionID, Format: j.export.Format,
		Limit: j.export.Limit, Fields: j.export.Fields, Connection: j.connection,
		CreatedAt: string(isoTime(j.created)), ID: j.id,
	}
}

// createJob starts an export. The status is 200, not 201 or 202. docs: create export
// users job.
func (s *Server) createJob(c *request) (any, error) {
	if s.opts.NoJobs {
		// As recorded: if the plan is the reason, the code is still that of a missing
		// scope, and only the message differs.
		return nil, refuse(http.StatusForbidden, "insufficient_scope",
			"Please upgrade your subscription to enable bulk user exports.")
	}
	e, err := readExport(c.http)
	if err != nil {
		return nil, err
	}
	connection := ""
	if e.ConnectionID != "" {
		i := slices.IndexFunc(s.tenant.Connections, func(x Connection) bool { return x.ID == e.ConnectionID })
		if i < 0 {
			// The spec declares no 404 for this endpoint.
			return nil, refuse(http.StatusBadRequest, "inexistent_connection", "The connection does not exist.")
		}
		connection = s.tenant.Connections[i].Name
	}
	j := &job{id: s.newJobID(), export: e, connection: connection, created: c.now}
	j.file = s.render(j)
	sum := md5.Sum(j.file)
	j.etag = `"` + hex.EncodeToString(sum[:]) + `"`
	s.jobs[j.id] = j
	return j.row(statusPending), nil
}

func (s *Server) newJobID() string {
	return "job_" + randomID(rand.New(rand.NewPCG(uint64(len(s.jobs)), 3)))
}

// liveJob returns a job, or nil if it does not exist or is older than jobLife.
func (s *Server) liveJob(id string, now time.Time) *job {
	j := s.jobs[id]
	if j == nil || now.Sub(j.created) >= jobLife {
		return nil
	}
	return j
}

// getJob returns the state of a job. After the job has completed, each answer has a new
// link, so that a client can replace an expired one. docs: bulk user exports.
func (s *Server) getJob(c *request) (any, error) {
	j := s.liveJob(c.id, c.now)
	if j == nil {
		return nil, errInexistent("job")
	}
	j.polls++
	row := j.row(s.opts.JobStatus)
	switch {
	case j.polls <= s.opts.Polls && j.polls == 1:
		row.Status = statusPending
	case j.polls <= s.opts.Polls:
		row.Status = s.opts.Running
		if j.polls%2 == 1 { // progress may be absent
			done, left := 100*j.polls/(s.opts.Polls+1), s.opts.Polls-j.polls
			row.PercentageDone, row.TimeLeftSeconds = &done, &left
		}
	case s.opts.JobStatus == statusCompleted:
		row.Location = s.link(c.http, j, c.now)
	default:
		row.StatusDetails = s.opts.JobDetails
	}
	return row, nil
}

// getJobErrors returns the entries of a failed job. If there are none, it answers 204.
func (s *Server) getJobErrors(c *request) (any, error) {
	if s.liveJob(c.id, c.now) == nil {
		return nil, errInexistent("job")
	}
	if len(s.opts.JobErrors) == 0 || s.opts.JobStatus == statusCompleted {
		return empty{}, nil
	}
	return s.opts.JobErrors, nil
}

const alphanumeric = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"

// randomID returns the part of an id after its prefix.
func randomID(r *rand.Rand) string { return pick(r, alphanumeric, 16) }

func pick(r *rand.Rand, alphabet string, n int) string {
	b := make([]byte, n)
	for i := range b {
		b[i] = alphabet[r.IntN(len(alphabet))]
	}
	return string(b)
}
