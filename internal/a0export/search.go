package a0export

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"io"
	"iter"
	"time"

	"a0permit/internal/auth0"
	"a0permit/internal/tool"
)

// search is a source that reads users with the user search, for plans without export
// jobs.
type search struct {
	*exporter

	filter string // a query that all users must match; "" means all users
	fields string // the requested profile fields, separated by commas
}

func (e *exporter) newSearch(ctx context.Context) (*search, error) {
	s := &search{exporter: e, fields: profileFields(e.config.fields)}
	if e.config.connection == "" {
		return s, nil
	}
	// A search takes the name of a connection, not its id.
	for c, err := range e.auth0.Connections(ctx) {
		switch {
		case err != nil:
			return nil, err
		case c.ID == e.config.connection:
			s.filter = auth0.ConnectionQuery(c.Name)
			return s, nil
		}
	}
	return nil, tool.Hint(errors.New("the tenant has no connection "+e.config.connection),
		"a0export connections lists them")
}

func (*search) name() string { return "user search" }

// withResumeHint implements source. A search cannot be resumed, so it adds no hint.
func (*search) withResumeHint(err error) error { return err }

func (*search) wait(context.Context) error { return nil }

func (s *search) snapshotTime() time.Time { return s.auth0.StartTime() }

// confirm implements source. walk has counted the users already.
func (*search) confirm(context.Context, joinCounts) error { return nil }

// open implements source. It returns the CSV that a job would write.
func (s *search) open(ctx context.Context) (io.ReadCloser, error) {
	r := &searchReader{fields: s.config.fields}
	r.next, r.stop = iter.Pull2(s.users(ctx))
	r.buf.Write(headerRow(r.fields))
	return r, nil
}

type searchReader struct {
	fields []auth0.Field
	next   func() (auth0.User, error, bool)
	stop   func()
	buf    bytes.Buffer
}

// Read implements io.Reader.
func (r *searchReader) Read(p []byte) (int, error) {
	if r.buf.Len() == 0 {
		user, err, more := r.next()
		if err != nil || !more {
			return 0, cmp.Or(err, io.EOF)
		}
		r.buf.Write(userRow(r.fields, user))
	}
	return r.buf.Read(p)
}

// Close implements io.Closer.
func (r *searchReader) Close() error {
	r.stop()
	return nil
}

// errEnough stops a walk early. It is not a failure.
var errEnough = errors.New("no more users are wanted")

// users yields each user once. An error ends the list.
func (s *search) users(ctx context.Context) iter.Seq2[auth0.User, error] {
	return func(yield func(auth0.User, error) bool) {
		w := walk{search: s, yield: yield, last: map[string]bool{}}
		if err := w.run(ctx); err != nil && !errors.Is(err, errEnough) {
			yield(auth0.User{}, err)
		}
	}
}
