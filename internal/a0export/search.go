package a0export

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"strings"
	"time"

	"a0permit/internal/auth0"
	"a0permit/internal/tool"
)

// search reads the users by the user search, for plans without export jobs. A
// query reaches 1000 users, so the search walks through the tenant by
// created_at, oldest first: each query begins where the one before it ended, and
// none goes past the user who was the newest when the walk began. So nobody who
// signs up meanwhile comes into a query, and the total of a query shows that
// somebody has left it.
type search struct {
	*exporter

	within string // a query that all users must match; "" is none
	fields string
	began  time.Time
}

func (e *exporter) newSearch(ctx context.Context) (*search, error) {
	s := &search{exporter: e, fields: profileFields(e.config.fields), began: time.Now()}
	if e.config.connection == "" {
		return s, nil
	}
	// The search knows connections by name only.
	for c, err := range e.auth0.Connections(ctx) {
		switch {
		case err != nil:
			return nil, err
		case c.ID == e.config.connection:
			s.within = auth0.ConnectionQuery(c.Name)
			return s, nil
		}
	}
	return nil, tool.Hint(errors.New("the tenant has no connection "+e.config.connection),
		"a0export connections lists them")
}

func (*search) name() string { return "user search" }

// withResumeHint implements source: a search starts anew, which needs no hint.
func (*search) withResumeHint(err error) error { return err }

func (*search) wait(context.Context) error { return nil }

func (s *search) snapshotTime() time.Time { return s.began }

// open implements source: it returns the CSV that a job would write.
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

// errEnough ends a walk before its end.
var errEnough = errors.New("no more users are wanted")

// users yields each user once. An error is yielded once, last.
func (s *search) users(ctx context.Context) iter.Seq2[auth0.User, error] {
	return func(yield func(auth0.User, error) bool) {
		w := walk{search: s, yield: yield, seen: map[string]bool{}}
		if err := w.run(ctx); err != nil && !errors.Is(err, errEnough) {
			yield(auth0.User{}, err)
		}
	}
}

// walk is one way through the tenant.
type walk struct {
	*search

	yield  func(auth0.User, error) bool
	newest time.Time
	query  string
	seen   map[string]bool // users of the last window, with which the next begins
	count  int
}

// run yields all users, and compares their number with the total that Auth0
// tells afterwards.
func (w *walk) run(ctx context.Context) error {
	newest, err := w.auth0.NewestUser(ctx, w.within)
	switch {
	case err != nil:
		return err
	case len(newest.Users) == 0 && newest.Total > 0:
		return fmt.Errorf("GET /users: nobody came, and Auth0 says there are %s: %w",
			tool.Thousands(newest.Total), auth0.ErrChanged)
	case len(newest.Users) == 0:
		return nil
	}
	w.newest = newest.Users[0].CreatedAt
	w.query = auth0.CreatedQuery(time.Time{}, w.newest)
	everybody := w.query
	if err := w.readWindows(ctx); err != nil {
		return err
	}
	left, err := w.auth0.NewestUser(ctx, and(w.within, everybody))
	switch {
	case err != nil:
		return err
	case left.Total > w.count:
		return fmt.Errorf("GET /users: %s came, and Auth0 says there are %s: %w",
			tool.Count(w.count, "user"), tool.Thousands(left.Total), auth0.ErrChanged)
	case left.Total < w.count:
		w.tool.Warn("%s of the export have been deleted meanwhile", tool.Count(w.count-left.Total, "user"))
	}
	return nil
}

// readWindows reads one window of users after the other until nothing is left.
func (w *walk) readWindows(ctx context.Context) error {
	for {
		users, total, err := w.readWindow(ctx, w.query)
		if err != nil || len(users) == 0 {
			return err
		}
		for _, u := range users {
			if w.seen[u.ID] {
				continue
			}
			if w.config.limit > 0 && w.count == w.config.limit {
				return errEnough
			}
			w.count++
			if !w.yield(u, nil) {
				return errEnough
			}
		}
		w.seen = make(map[string]bool, len(users))
		for _, u := range users {
			w.seen[u.ID] = true
		}
		first, last := users[0].CreatedAt, users[len(users)-1].CreatedAt
		switch {
		case len(users) >= total:
			return nil
		case !isSameMoment(first, last):
			w.query = auth0.CreatedQuery(last, w.newest)
		default:
			if err := w.skipMoment(ctx, last); err != nil {
				return err
			}
		}
	}
}

// skipMoment makes the next query begin after a millisecond whose users fill a
// whole window. It fails where not all of them have been read.
func (w *walk) skipMoment(ctx context.Context, at time.Time) error {
	there, err := w.auth0.NewestUser(ctx, and(w.within, auth0.CreatedQuery(at, at)))
	switch {
	case err != nil:
		return err
	case there.Total > len(w.seen):
		return tool.Hint(
			fmt.Errorf("%s were created at the same moment, %s, and Auth0 lists %s of them at most",
				tool.Count(there.Total, "user"), at.UTC().Format(time.RFC3339Nano), tool.Thousands(auth0.MaxFound)),
			"export them in the Dashboard (Extensions > User Import / Export) and give a0tojsonl the file")
	}
	w.query = auth0.CreatedAfterQuery(at, w.newest)
	return nil
}

func isSameMoment(a, b time.Time) bool {
	return a.Truncate(time.Millisecond).Equal(b.Truncate(time.Millisecond))
}

// readWindow reads the users that one query reaches, and its total. Pages that
// shift while they are read are read again.
func (w *walk) readWindow(ctx context.Context, query string) (users []auth0.User, total int, err error) {
	for range 5 {
		var whole bool
		users, total, whole, err = w.readPages(ctx, and(w.within, query))
		if err != nil || whole {
			return users, total, err
		}
		w.tool.Log.Info("the tenant changed while it was read; reading again", "query", query)
	}
	return nil, 0, fmt.Errorf("GET /users: the pages kept shifting: %w", auth0.ErrChanged)
}

// readPages reads the pages of a query once. They are whole unless they have
// shifted meanwhile.
func (w *walk) readPages(ctx context.Context, query string) (users []auth0.User, total int, whole bool, err error) {
	ids := map[string]bool{}
	for page := 0; ; page++ {
		found, err := w.auth0.SearchUsers(ctx, query, w.fields, page)
		if err != nil {
			return nil, 0, false, err
		}
		if n := len(users); page > 0 && found.Total != total {
			// Somebody left, and this page may have shifted. Those before it have not,
			// and the next query can begin where they end.
			return users, total, !isSameMoment(users[0].CreatedAt, users[n-1].CreatedAt), nil
		}
		for _, u := range found.Users {
			switch n := len(users); {
			case u.CreatedAt.IsZero():
				return nil, 0, false, errors.New("GET /users: a user has no created_at, by which users are gone through")
			case n > 0 && u.CreatedAt.Before(users[n-1].CreatedAt):
				return nil, 0, false, nil
			}
			ids[u.ID] = true
			users = append(users, u)
		}
		size := cmp.Or(found.Limit, len(found.Users))
		switch {
		case len(ids) < len(users):
			return nil, 0, false, nil
		case len(users) >= found.Total, (page+2)*size > auth0.MaxFound:
			return users, found.Total, true, nil
		case len(found.Users) < size:
			return nil, 0, false, nil
		}
		total = found.Total
	}
}

// and returns the query that matches where all of queries do. "" matches
// everybody.
func and(queries ...string) string {
	var some []string
	for _, q := range queries {
		if q != "" {
			some = append(some, q)
		}
	}
	return strings.Join(some, " AND ")
}
