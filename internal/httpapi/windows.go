package httpapi

import (
	"cmp"
	"context"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"time"
)

// Class is one of a service's published limits: so many calls in any stretch
// of time of that length.
type Class struct {
	Name  string
	Calls int
	Per   time.Duration
	// Has reports whether a call is counted here. A call may be counted in
	// several classes.
	Has func(method, path string) bool
}

// Windows paces calls by sliding windows. A slot comes free one window after
// its answer came and not after it was sent, since the server may have begun
// to count anywhere between the two.
type Windows struct {
	// MaxPause is the longest pause that a service may ask for; none is waited
	// for that is longer. 0 is no bound.
	MaxPause time.Duration

	onWait func(wait time.Duration, why string)

	mu       sync.Mutex
	windows  []*window
	inFlight int
	refusals int // 429s since the last answer that was none
	paused   time.Time
	changed  chan struct{} // closed and renewed when something comes free
}

type window struct {
	Class
	inFlight int
	ends     []time.Time // of the answers that still count, oldest first
}

// The pause after a 429 that does not say how long.
const firstPause = 30 * time.Second

// NewWindows returns a pacer for classes. onWait, which may be nil, is told of
// each wait and its reason.
func NewWindows(classes []Class, onWait func(wait time.Duration, why string)) *Windows {
	w := &Windows{onWait: onWait, changed: make(chan struct{})}
	for _, c := range classes {
		w.windows = append(w.windows, &window{Class: c})
	}
	return w
}

// Begin implements Pacer.
func (w *Windows) Begin(ctx context.Context, method, path string) (func(*http.Response), error) {
	var mine []*window
	for _, win := range w.windows {
		if win.Has(method, path) {
			mine = append(mine, win)
		}
	}
	for {
		w.mu.Lock()
		wait, why := w.next(mine)
		if w.MaxPause > 0 && time.Until(w.paused) > w.MaxPause {
			w.mu.Unlock()
			return nil, fmt.Errorf("the service answered 429 (too many requests) and asks for a pause until %s", w.paused.Format(time.DateTime))
		}
		if why == "" {
			w.inFlight++
			for _, win := range mine {
				win.inFlight++
			}
			w.mu.Unlock()
			return func(answer *http.Response) { w.end(mine, answer) }, nil
		}
		changed := w.changed
		w.mu.Unlock()
		if wait > 0 && w.onWait != nil {
			w.onWait(wait, why)
		}
		if err := sleep(ctx, wait, changed); err != nil {
			return nil, err
		}
	}
}

// next says how long a call must wait and why; no reason means that it may go.
// No wait with a reason means: until something changes.
func (w *Windows) next(mine []*window) (time.Duration, string) {
	now := time.Now()
	if wait := w.paused.Sub(now); wait > 0 {
		return wait, "the service answered 429 (too many requests)"
	}
	if w.refusals > 0 && w.inFlight > 0 {
		return 0, "one call tries whether the service takes calls again"
	}
	var wait time.Duration
	var why string
	for _, win := range mine {
		free, ok := win.free(now)
		if ok {
			continue
		}
		if why == "" || free > wait {
			wait, why = free, win.usedUp()
		}
	}
	return wait, why
}

// free reports whether the window has a slot, or when it will (0: when a call
// in flight has ended and its window passed).
func (win *window) free(now time.Time) (time.Duration, bool) {
	// A thousandth more, for two clocks that do not run alike.
	span := win.Per + win.Per/1000
	gone := 0
	for gone < len(win.ends) && now.Sub(win.ends[gone]) >= span {
		gone++
	}
	win.ends = win.ends[gone:]
	if win.inFlight+len(win.ends) < win.Calls {
		return 0, true
	}
	if len(win.ends) == 0 {
		return 0, false
	}
	return span - now.Sub(win.ends[0]), false
}

func (win *window) usedUp() string {
	calls := win.Name + " calls"
	if win.Name == "all" {
		calls = "calls"
	}
	if win.Calls == 1 {
		calls = strings.TrimSuffix(calls, "s")
	}
	return fmt.Sprintf("the limit of %d %s in %s is used up", win.Calls, calls, short(win.Per))
}

func (w *Windows) end(mine []*window, answer *http.Response) {
	w.mu.Lock()
	defer w.mu.Unlock()
	now := time.Now()
	longest := firstPause
	w.inFlight--
	for _, win := range mine {
		win.inFlight--
		win.ends = append(win.ends, now)
		longest = max(longest, win.Per)
	}
	switch {
	case answer == nil: // says nothing of the limits
	case answer.StatusCode == http.StatusTooManyRequests:
		pause := retryAfter(answer)
		// Of calls that were under way together, the first refusal counts.
		if again := !now.Before(w.paused); again {
			pause = cmp.Or(pause, min(firstPause<<min(w.refusals, 10), longest))
			w.refusals++
		}
		if until := now.Add(pause); until.After(w.paused) {
			w.paused = until
		}
	default:
		w.refusals = 0
	}
	close(w.changed)
	w.changed = make(chan struct{})
}

// short prints a duration as people write it: 10m and not 10m0s.
func short(d time.Duration) string {
	switch {
	case d%time.Hour == 0:
		return fmt.Sprintf("%dh", d/time.Hour)
	case d%time.Minute == 0:
		return fmt.Sprintf("%dm", d/time.Minute)
	default:
		return d.String()
	}
}
