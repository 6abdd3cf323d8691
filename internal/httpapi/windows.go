package httpapi

import (
	"cmp"
	"context"
	"fmt"
	"net/http"
	"strings"
	"time"
)

// Class is a published limit of a service: so many calls in any span of a length.
type Class struct {
	Name  string
	Calls int
	Per   time.Duration
	// Has reports whether a call counts in this class. It may count in several.
	Has func(method, path string) bool
}

// Windows paces calls by sliding windows. A slot becomes free one window after its call
// was answered, not after it was sent, since the service may have counted the call at any
// time in between.
type Windows struct {
	gate

	windows []*window
}

type window struct {
	Class
	inFlight int
	ends     []time.Time // of answers that still count, oldest first
}

// This is the pause after a 429 that does not say how long to wait.
const firstPause = 30 * time.Second

// NewWindows returns a pacer for classes. onWait, which may be nil, is called
// before each wait with its reason.
func NewWindows(classes []Class, onWait func(wait time.Duration, why string)) *Windows {
	w := &Windows{gate: gate{onWait: onWait, changed: make(chan struct{})}}
	for _, c := range classes {
		w.windows = append(w.windows, &window{Class: c})
	}
	return w
}

// Begin implements Pacer.
func (w *Windows) Begin(ctx context.Context, method, path string) (func(*http.Response), error) {
	call := &windowsTurn{pacer: w}
	for _, win := range w.windows {
		if win.Has(method, path) {
			call.windows = append(call.windows, win)
		}
	}
	return w.begin(ctx, call) //nolint:bodyclose // it opens nothing: done takes the answer
}

// windowsTurn is one call and the windows in which it counts.
type windowsTurn struct {
	pacer   *Windows
	windows []*window
}

func (t *windowsTurn) next(now time.Time) (wait time.Duration, why string) {
	if t.pacer.refusals > 0 && t.pacer.inFlight > 0 {
		return 0, "one call tries whether the service takes calls again"
	}
	for _, win := range t.windows {
		if untilFree, free := win.nextSlot(now); !free && (why == "" || untilFree > wait) {
			wait, why = untilFree, win.reason()
		}
	}
	return wait, why
}

func (t *windowsTurn) start(time.Time) {
	for _, win := range t.windows {
		win.inFlight++
	}
}

func (t *windowsTurn) end(now time.Time, answer *http.Response) {
	longest := firstPause
	for _, win := range t.windows {
		win.inFlight--
		win.ends = append(win.ends, now)
		longest = max(longest, win.Per)
	}
	if answer == nil || answer.StatusCode != http.StatusTooManyRequests {
		return
	}
	w, pause := t.pacer, retryAfter(answer)
	// If calls were in flight together, only the first refusal counts.
	if !now.Before(w.paused) {
		pause = cmp.Or(pause, min(firstPause<<min(w.refusals, 10), longest))
		w.refusals++
	}
	if until := now.Add(pause); until.After(w.paused) {
		w.paused = until
	}
}

// nextSlot reports whether the window has a free slot. If not, it returns how long until
// it has one, or 0 if a call in flight must end first.
func (win *window) nextSlot(now time.Time) (wait time.Duration, free bool) {
	// A thousandth more, since two clocks never run at the same speed.
	span := win.Per + win.Per/1000
	for len(win.ends) > 0 && now.Sub(win.ends[0]) >= span {
		win.ends = win.ends[1:]
	}
	if win.inFlight+len(win.ends) < win.Calls {
		return 0, true
	}
	if len(win.ends) == 0 {
		return 0, false
	}
	return span - now.Sub(win.ends[0]), false
}

// reason returns why a call must wait for the window.
func (win *window) reason() string {
	calls := win.Name + " calls"
	if win.Name == "all" {
		calls = "calls"
	}
	if win.Calls == 1 {
		calls = strings.TrimSuffix(calls, "s")
	}
	return fmt.Sprintf("the limit of %d %s in %s is used up", win.Calls, calls, formatDuration(win.Per))
}

// formatDuration returns a duration as people write it: 10m instead of 10m0s.
func formatDuration(d time.Duration) string {
	switch {
	case d%time.Hour == 0:
		return fmt.Sprintf("%dh", d/time.Hour)
	case d%time.Minute == 0:
		return fmt.Sprintf("%dm", d/time.Minute)
	default:
		return d.String()
	}
}
