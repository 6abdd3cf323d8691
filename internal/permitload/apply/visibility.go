package apply

import (
	"context"
	"time"

	"a0permit/internal/httpapi"
	"a0permit/internal/permit"
	"a0permit/internal/permitload/snapshot"
	"a0permit/internal/reconcile"
	"a0permit/internal/record"
)

// These are how long a late write is waited for. Permit's own tests wait 30 to 60 s for a
// bulk write to become visible.
const (
	patience   = time.Minute
	firstPause = 500 * time.Millisecond
	lastPause  = 5 * time.Second
)

// Poll calls look until it returns true, or for a minute after the first look, which may
// take long itself. look receives the length of the pause that follows.
func Poll(ctx context.Context, look func(pause time.Duration) (done bool, err error)) (done bool, err error) {
	var deadline time.Time
	for pause := firstPause; ; pause = min(pause*3/2, lastPause) {
		if done, err := look(pause); done || err != nil {
			return done, err
		}
		if deadline.IsZero() {
			deadline = time.Now().Add(patience)
		}
		if time.Now().Add(pause).After(deadline) {
			return false, nil
		}
		if err := httpapi.Sleep(ctx, pause); err != nil {
			return false, err
		}
	}
}

// unlessThere returns the refusal of a call that creates something, or nil if it is a 409
// and the thing exists. It may become visible late. A 409 may also be about another
// conflict.
func unlessThere(ctx context.Context, refusal error, has func() (bool, error)) error {
	if !permit.IsConflict(refusal) {
		return refusal
	}
	there, err := Poll(ctx, func(time.Duration) (bool, error) { return has() })
	if there || err != nil {
		return err
	}
	return refusal
}

// sampled is how many users of a batch are asked for. Asking for each would cost more
// calls than the load.
const sampled = 20

// awaitUsers waits until users that this run has written are visible, and reports whether
// they are. It uses single GETs, since bulk calls are scarce.
func (a *Applier) awaitUsers(ctx context.Context, items []item) (bool, error) {
	written, _ := split(items, func(it item) bool { return a.plan.IsWritten(it.User) })
	if len(written) == 0 {
		return false, nil
	}
	unseen := sample(userKeys(written), sampled)
	return Poll(ctx, func(pause time.Duration) (bool, error) {
		var still []string
		for _, key := range unseen {
			seen, err := a.Client.HasUser(ctx, key)
			if err != nil {
				return false, err
			}
			if !seen {
				still = append(still, key)
			}
		}
		if unseen = still; len(unseen) > 0 {
			a.queue.late.Store(true)
			a.Log.Info("waiting for users to become visible", "unseen", len(unseen), "wait", pause)
		}
		return len(unseen) == 0, nil
	})
}

// awaitWritten waits until Permit shows, for each call, one of its users as it was
// written, and reports whether it does. A bulk call may take effect late, and so does
// what it clears. Somebody else may write to one of the users in the meantime.
func (a *Applier) awaitWritten(ctx context.Context, calls [][]item) (bool, error) {
	return Poll(ctx, func(time.Duration) (bool, error) {
		for len(calls) > 0 {
			if shows, err := a.showsOne(ctx, calls[0]); err != nil || !shows {
				return false, err
			}
			calls = calls[1:]
		}
		return true, nil
	})
}

func (a *Applier) showsOne(ctx context.Context, users []item) (bool, error) {
	for _, it := range users {
		if shows, err := a.shows(ctx, it); err != nil || shows {
			return shows, err
		}
	}
	return false, nil
}

// inPermit returns a user as Permit has it now, or nil if Permit does not have it.
func (a *Applier) inPermit(ctx context.Context, it item) (*record.User, error) {
	have, ok, err := a.Client.User(ctx, it.user.Key)
	if err != nil || !ok {
		return nil, err
	}
	return snapshot.UserRecord(have)
}

// shows reports whether Permit shows a user as it was written.
func (a *Applier) shows(ctx context.Context, it item) (bool, error) {
	want, err := snapshot.UserRecord(it.user)
	if err != nil {
		return false, err
	}
	want.Nulls = it.cleared
	current, err := a.inPermit(ctx, it)
	if err != nil || current == nil {
		return false, err
	}
	compare := reconcile.Overlay
	if it.Op == reconcile.Update { // an update writes all attributes, so one more in Permit has still to go
		compare = reconcile.Replace
	}
	_, same := compare(want, current)
	return same, nil
}
