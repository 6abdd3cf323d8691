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

// job is one export. Its file is written when the job is created, since an
// export is a snapshot: changes of the tenant meanwhile do not matter.
type job struct {
	id         string
	export     export
	connection string // its name
	created    time.Time
	polls      int
	file       []byte // gzip
	etag       string
}

// jobRow has its fields in the order of a recorded answer.
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
	Connection      string     `json:"connection"` // required (spec); that it is "" for all connections is unverified
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

// createJob answers 200, not 201 or 202. docs: create export users job.
func (s *Server) createJob(c *request) (any, error) {
	if s.opts.NoJobs {
		// A recorded refusal because of the plan has the code of a missing scope: only
		// the message tells them apart.
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
			// Not a 404, which the endpoint does not declare.
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
	return "job_" + alnum(rand.New(rand.NewPCG(uint64(len(s.jobs)), 3)))
}

// liveJob returns a job, or nil when it does not exist or is too old.
func (s *Server) liveJob(id string, now time.Time) *job {
	j := s.jobs[id]
	if j == nil || now.Sub(j.created) >= jobLife {
		return nil
	}
	return j
}

// getJob sends a new link with each answer once the job has ended, so that a
// client can replace one that has expired. docs: bulk user exports.
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

// getJobErrors answers 204 without entries, even for a failed job.
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

// alnum returns what follows the prefix of an id.
func alnum(r *rand.Rand) string { return pick(r, alphanumeric, 16) }

func pick(r *rand.Rand, alphabet string, n int) string {
	b := make([]byte, n)
	for i := range b {
		b[i] = alphabet[r.IntN(len(alphabet))]
	}
	return string(b)
}
