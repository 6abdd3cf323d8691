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

// search is the search for users as a source, for plans without export jobs. A
// query reaches 1000 users, so it goes through the tenant by created_at, oldest
// first: each query begins where the one before it ended. None goes past the
// user who was the newest at first. So nobody can come into what a query finds,
// and who leaves it is seen by its total.
type search struct {
	*exporter

	within string // a query that all users must match; "" is none
	fields string
	began  time.Time
}

func (e *exporter) search(ctx context.Context) (*search, error) {
	s := &search{exporter: e, fields: searched(e.config.fields), began: time.Now()}
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
	return nil, tool.Hint(errors.New("the tenant has no connection "+e.config.connection), "a0export connections lists them")
}

func (*search) name() string { return "user search" }

// takeUp implements source: a search begins anew.
func (*search) takeUp(err error) error { return err }

func (*search) ready(context.Context) error { return nil }

func (s *search) taken() time.Time { return s.began }

// open implements source: the search as the CSV that a job would make of it.
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

// errEnough ends a walk that is not at its end.
var errEnough = errors.New("no more users are wanted")

// users yields each user once. An error is yielded once, last.
func (s *search) users(ctx context.Context) iter.Seq2[auth0.User, error] {
	return func(yield func(auth0.User, error) bool) {
		w := walk{search: s, yield: yield, seen: map[string]bool{}}
		if err := w.all(ctx); err != nil && !errors.Is(err, errEnough) {
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
	seen   map[string]bool // users of the last window, which the next begins with
	count  int
}

// all goes to the end, and holds what came against the number that Auth0 says.
func (w *walk) all(ctx context.Context) error {
	newest, err := w.auth0.NewestUser(ctx, w.within)
	switch {
	case err != nil:
		return err
	case len(newest.Users) == 0 && newest.Total > 0:
		return fmt.Errorf("GET /users: nobody came, and Auth0 says there are %s: %w", tool.Thousands(newest.Total), auth0.ErrChanged)
	case len(newest.Users) == 0:
		return nil
	}
	w.newest = newest.Users[0].CreatedAt
	w.query = auth0.CreatedQuery(time.Time{}, w.newest)
	everybody := w.query
	if err := w.toEnd(ctx); err != nil {
		return err
	}
	left, err := w.auth0.NewestUser(ctx, and(w.within, everybody))
	switch {
	case err != nil:
		return err
	case left.Total > w.count:
		return fmt.Errorf("GET /users: %s came, and Auth0 says there are %s: %w", tool.Count(w.count, "user"), tool.Thousands(left.Total), auth0.ErrChanged)
	case left.Total < w.count:
		w.tool.Warn("%s of the export have been deleted meanwhile", tool.Count(w.count-left.Total, "user"))
	}
	return nil
}

// toEnd goes on from query until nothing is left.
func (w *walk) toEnd(ctx context.Context) error {
	for {
		users, total, err := w.window(ctx, w.query)
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
		case !sameMoment(first, last):
			w.query = auth0.CreatedQuery(last, w.newest)
		default:
			if err := w.past(ctx, last); err != nil {
				return err
			}
		}
	}
}

// past goes past a millisecond that fills a whole window.
func (w *walk) past(ctx context.Context, at time.Time) error {
	there, err := w.auth0.NewestUser(ctx, and(w.within, auth0.CreatedQuery(at, at)))
	switch {
	case err != nil:
		return err
	case there.Total > len(w.seen):
		return tool.Hint(fmt.Errorf("%s were created at the same moment, %s, and Auth0 lists %s of them at most", tool.Count(there.Total, "user"), at.UTC().Format(time.RFC3339Nano), tool.Thousands(auth0.MaxFound)),
			"export them in the Dashboard (Extensions > User Import / Export) and give a0tojsonl the file")
	}
	w.query = auth0.CreatedAfterQuery(at, w.newest)
	return nil
}

func sameMoment(a, b time.Time) bool {
	return a.Truncate(time.Millisecond).Equal(b.Truncate(time.Millisecond))
}

// window reads what one query reaches, and its total. Pages that shift while
// they are read are read again.
func (w *walk) window(ctx context.Context, query string) (users []auth0.User, total int, err error) {
	for range 5 {
		var whole bool
		users, total, whole, err = w.pages(ctx, and(w.within, query))
		if err != nil || whole {
			return users, total, err
		}
		w.tool.Log.Info("the tenant changed while it was read; reading again", "query", query)
	}
	return nil, 0, fmt.Errorf("GET /users: the pages kept shifting: %w", auth0.ErrChanged)
}

func (w *walk) pages(ctx context.Context, query string) (users []auth0.User, total int, whole bool, err error) {
	ids := map[string]bool{}
	for page := 0; ; page++ {
		found, err := w.auth0.SearchUsers(ctx, query, w.fields, page)
		if err != nil {
			return nil, 0, false, err
		}
		if n := len(users); page > 0 && found.Total != total {
			// Somebody left, and this page may have moved. Those before it have not,
			// and the next query can begin behind them.
			return users, total, !sameMoment(users[0].CreatedAt, users[n-1].CreatedAt), nil
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

func and(queries ...string) string {
	var some []string
	for _, q := range queries {
		if q != "" {
			some = append(some, q)
		}
	}
	return strings.Join(some, " AND ")
}
