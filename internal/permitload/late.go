package permitload

import (
	"context"
	"errors"
	"strings"
	"time"

	"a0permit/internal/httpapi"
	"a0permit/internal/reconcile"
)

// How long a late write is waited for. Permit's own tests wait 30 to 60 s for
// a bulk write to become visible.
const (
	patience  = time.Minute
	firstLook = 500 * time.Millisecond
	lastLook  = 5 * time.Second
)

// looks is the times at which something is looked at that may be late.
type looks struct {
	deadline time.Time
	wait     time.Duration // until the next
}

func newLooks() *looks { return &looks{time.Now().Add(patience), firstLook} }

// over reports whether the next would come too late.
func (l *looks) over() bool { return time.Now().Add(l.wait).After(l.deadline) }

// next waits for the next.
func (l *looks) next(ctx context.Context) error {
	wait := l.wait
	l.wait = min(wait*3/2, lastLook)
	return httpapi.Sleep(ctx, wait)
}

// sampled is how many users of a batch are asked for: to ask for each would
// cost more calls than the load itself.
const sampled = 20

// await waits until the users of a batch that this load has written are
// visible, and reports whether they are; if there are none, there is nothing to
// wait for. It asks by single GETs, since bulk calls are scarce.
func (l *loader) await(ctx context.Context, batch []pending) (bool, error) {
	var written []pending
	for _, a := range batch {
		if s := l.plan.State(a.User); s == reconcile.Written || s == reconcile.Failed {
			written = append(written, a)
		}
	}
	if len(written) == 0 {
		return false, nil
	}
	unseen := sample(users(written), sampled)
	for looks := newLooks(); ; {
		var still []string
		for _, key := range unseen {
			seen, err := l.permit.HasUser(ctx, key)
			if err != nil {
				return false, err
			}
			if !seen {
				still = append(still, key)
			}
		}
		unseen = still
		if len(unseen) == 0 {
			return true, nil
		}
		l.late.Store(true)
		if looks.over() {
			return false, nil
		}
		l.tool.Log.Info("waiting for users to become visible", "unseen", len(unseen), "wait", looks.wait)
		if err := looks.next(ctx); err != nil {
			return false, err
		}
	}
}

// users is those of a batch, each once, in order.
func users[T interface{ holder() string }](batch []T) []string {
	var list []string
	for i, a := range batch {
		if i == 0 || batch[i-1].holder() != a.holder() {
			list = append(list, a.holder())
		}
	}
	return list
}

// sample is n of the items, evenly spread, the last among them.
func sample(items []string, n int) []string {
	if len(items) <= n {
		return items
	}
	some := make([]string, n)
	for i := range some {
		some[i] = items[(i+1)*len(items)/n-1]
	}
	return some
}

// aboutUser reports whether a 404 may be about a user: Permit says what it
// could not find, as in "we could not find 'Role' with the given filters".
func aboutUser(err error) bool {
	var api *httpapi.APIError
	if !errors.As(err, &api) {
		return false
	}
	_, what, ok := strings.Cut(api.Message, "could not find '")
	return !ok || strings.HasPrefix(what, "User")
}
