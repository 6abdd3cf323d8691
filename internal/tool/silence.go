package tool

import "time"

// WaitsFor names what the run waits for while it says nothing else, such as a service.
func (t *Tool) WaitsFor(what string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.waitsFor, t.spoke = what, time.Now()
}

// breakSilence reports that the run waits when it has said nothing for a while, and shows
// no progress. The returned function ends that.
func (t *Tool) breakSilence() (stop func()) {
	if t.progress == progressNone || t.quiet {
		return func() {}
	}
	ended, done := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(done)
		ticker := time.NewTicker(tickPeriod)
		defer ticker.Stop()
		var began, said time.Time
		for {
			select {
			case <-ended:
				return
			case now := <-ticker.C:
				what, since := t.silence()
				if what == "" || now.Sub(since) < t.linePeriod() {
					continue
				}
				if since != said { // something else was said meanwhile
					began = since
				}
				t.Say("waiting for %s, %s", what, minutes(now.Sub(began)))
				_, said = t.silence()
			}
		}
	}()
	return func() { close(ended); <-done }
}

func (t *Tool) setAsking(asking bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.asking = asking
}

// silence returns what the run waits for, "" while others speak, and since when nothing
// was said.
func (t *Tool) silence() (what string, since time.Time) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.counting || t.starved || t.asking {
		return "", time.Time{}
	}
	return t.waitsFor, t.spoke
}
