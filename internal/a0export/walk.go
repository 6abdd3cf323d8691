package a0export

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"a0permit/internal/auth0"
	"a0permit/internal/tool"
)

// walk reads all users by created_at, oldest first. A query returns at most 1000 users,
// so each query starts where the one before it ended. All queries end at the user who
// was newest when the walk began. New users are therefore in no query, and if the total
// of a query changes, somebody was deleted.
type walk struct {
	*search

	yield  func(auth0.User, error) bool
	window window
	last   map[string]bool // ids of the last window's users; the next may repeat some
	count  int             // users yielded
}

// window is a range of created_at, in milliseconds as Auth0 keeps them. It includes to,
// and from unless after is set.
type window struct {
	from, to time.Time // a zero from means no lower bound
	after    bool
}

func (w window) query() string {
	if w.after {
		return auth0.CreatedAfterQuery(w.from, w.to)
	}
	return auth0.CreatedQuery(w.from, w.to)
}

// has reports whether the window includes a user created at this time.
func (w window) has(at time.Time) bool {
	at, from := at.Truncate(time.Millisecond), w.from.Truncate(time.Millisecond)
	return !at.After(w.to) && (at.After(from) || !w.after && at.Equal(from))
}

// run yields all users, and then compares their number with Auth0's total. It fails if
// the total is larger.
func (w *walk) run(ctx context.Context) error {
	if hasUsers, err := w.findNewest(ctx); err != nil || !hasUsers {
		return err
	}
	everybody := w.window.query()
	if err := w.readWindows(ctx); err != nil {
		return err
	}
	total, err := w.auth0.CountUsers(ctx, and(w.filter, everybody))
	switch {
	case err != nil:
		return err
	case total > w.count:
		return fmt.Errorf("GET /users: got %s, but Auth0 says there are %s: %w",
			tool.Count(w.count, "user"), tool.Thousands(total), auth0.ErrChanged)
	case total < w.count:
		w.tool.Warn("%s in the export deleted while it was read", tool.Count(w.count-total, "user"))
	}
	return nil
}

// findNewest sets the end of the window to the newest user, and reports whether there
// are any users. It fails unless the window finds all of them: a user without created_at
// would be missing, and so would newer users if Auth0 did not sort.
func (w *walk) findNewest(ctx context.Context) (hasUsers bool, err error) {
	found, total := 0, 0
	for range 5 { // a user may be deleted between the two calls
		newest, err := w.auth0.NewestUser(ctx, w.filter)
		switch {
		case err != nil:
			return false, err
		case len(newest.Users) == 0 && newest.Total > 0:
			return false, fmt.Errorf("GET /users: got no users, but Auth0 says there are %s: %w",
				tool.Thousands(newest.Total), auth0.ErrChanged)
		case len(newest.Users) == 0:
			return false, nil
		case newest.Users[0].CreatedAt.IsZero():
			return false, errNoCreatedAt
		}
		w.window = window{to: newest.Users[0].CreatedAt}
		total = newest.Total
		if found, err = w.auth0.CountUsers(ctx, and(w.filter, w.window.query())); err != nil || found >= total {
			return true, err
		}
	}
	return false, tool.Hint(
		fmt.Errorf("GET /users: Auth0 finds only %s of %s by created_at, so the others would be missing",
			tool.Thousands(found), tool.Count(total, "user")), dashboardHint)
}

const dashboardHint = "export them in the Dashboard (Extensions > User Import / Export) and run a0tojsonl on that file"

var errNoCreatedAt = tool.Hint(
	errors.New("GET /users: a user has no created_at, by which the user search finds users"), dashboardHint)

// readWindows yields the users of one window after another, to the end.
func (w *walk) readWindows(ctx context.Context) error {
	for {
		users, total, err := w.readWindow(ctx)
		if err != nil || len(users) == 0 {
			return err
		}
		for _, u := range users {
			if w.last[u.ID] {
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
		w.last = make(map[string]bool, len(users))
		for _, u := range users {
			w.last[u.ID] = true
		}
		first, last := users[0].CreatedAt, users[len(users)-1].CreatedAt
		switch {
		case len(users) >= total:
			return nil
		case !isSameMoment(first, last):
			w.window.from, w.window.after = last, false
		default:
			if err := w.skipMoment(ctx, last); err != nil {
				return err
			}
		}
	}
}

// skipMoment starts the next window after the millisecond at, whose users fill a whole
// window. It fails if not all of them have been read.
func (w *walk) skipMoment(ctx context.Context, at time.Time) error {
	total, err := w.auth0.CountUsers(ctx, and(w.filter, auth0.CreatedQuery(at, at)))
	switch {
	case err != nil:
		return err
	case total > len(w.last):
		return tool.Hint(
			fmt.Errorf("%s were created at the same moment, %s, but Auth0 lists at most %s of them",
				tool.Count(total, "user"), at.UTC().Format(time.RFC3339Nano), tool.Thousands(auth0.MaxFound)),
			dashboardHint)
	}
	w.window.from, w.window.after = at, true
	return nil
}

func isSameMoment(a, b time.Time) bool {
	return a.Truncate(time.Millisecond).Equal(b.Truncate(time.Millisecond))
}

// readWindow returns the users that one query can return, and the query's total. If the
// pages shift during the reading, it reads them again.
func (w *walk) readWindow(ctx context.Context) (users []auth0.User, total int, err error) {
	for range 5 {
		var whole bool
		users, total, whole, err = w.readPages(ctx)
		if err != nil || whole {
			return users, total, err
		}
		w.tool.Log.Info("the tenant changed while it was read; reading again", "query", w.window.query())
	}
	return nil, 0, fmt.Errorf("GET /users: the pages kept changing: %w", auth0.ErrChanged)
}

// readPages reads the pages of a window once. whole is false if the pages shifted, so
// that users may be missing.
func (w *walk) readPages(ctx context.Context) (users []auth0.User, total int, whole bool, err error) {
	ids := map[string]bool{}
	for page := 0; ; page++ {
		found, err := w.auth0.SearchUsers(ctx, and(w.filter, w.window.query()), w.fields, page)
		if err != nil {
			return nil, 0, false, err
		}
		if err := w.checkPage(found.Users); err != nil {
			return nil, 0, false, err
		}
		n := len(users)
		if page > 0 && found.Total != total {
			// A user was deleted, so this page may have shifted. The pages before it did
			// not, and the next query can start where they end.
			return users, total, !isSameMoment(users[0].CreatedAt, users[n-1].CreatedAt), nil
		}
		switch {
		case isSamePage(users[n-min(n, len(found.Users)):], found.Users):
			return nil, 0, false, fmt.Errorf("GET /users: %w", auth0.ErrSamePage)
		case n > 0 && len(found.Users) > 0 && isBefore(found.Users[0], users[n-1]):
			return nil, 0, false, nil
		}
		for _, u := range found.Users {
			ids[u.ID] = true
			users = append(users, u)
		}
		size := cmp.Or(max(found.Limit, 0), len(found.Users))
		switch {
		case len(ids) < len(users), len(users) > found.Total:
			return nil, 0, false, nil
		case len(users) == found.Total, (page+2)*size > auth0.MaxFound:
			return users, found.Total, true, nil
		case len(found.Users) == 0, len(found.Users) < size:
			return nil, 0, false, nil
		}
		total = found.Total
	}
}

// checkPage returns an error if Auth0 ignored the range or the order of a query. No
// change of the tenant explains that.
func (w *walk) checkPage(users []auth0.User) error {
	for i, u := range users {
		switch {
		case u.CreatedAt.IsZero():
			return errNoCreatedAt
		case !w.window.has(u.CreatedAt):
			return errors.New("GET /users: Auth0 sent a user from outside the range of created_at that was asked for")
		case i > 0 && isBefore(u, users[i-1]):
			return errors.New("GET /users: Auth0 did not sort the users by created_at")
		}
	}
	return nil
}

// isBefore reports whether a was created in an earlier millisecond than b.
func isBefore(a, b auth0.User) bool {
	return a.CreatedAt.Truncate(time.Millisecond).Before(b.CreatedAt.Truncate(time.Millisecond))
}

// isSamePage reports whether a page has the same users as before.
func isSamePage(before, page []auth0.User) bool {
	return len(page) > 0 && slices.EqualFunc(before, page, func(a, b auth0.User) bool { return a.ID == b.ID })
}

// and returns a query that matches users who match all queries. "" matches everybody.
func and(queries ...string) string {
	var parts []string
	for _, q := range queries {
		if q != "" {
			parts = append(parts, q)
		}
	}
	return strings.Join(parts, " AND ")
}
