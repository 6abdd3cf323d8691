package httpapi

import (
	"net/http"
	"sync"
	"time"
)

// clock knows a service's time from the Date of its latest answer.
type clock struct {
	mu   sync.Mutex
	date time.Time // of the latest answer
	read time.Time // when that answer came, by our clock
}

func (c *clock) set(answer *http.Response) {
	date, err := http.ParseTime(answer.Header.Get("Date"))
	if err != nil {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.date, c.read = date, time.Now()
}

func (c *clock) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.date.IsZero() {
		return time.Time{}
	}
	return c.date.Add(time.Since(c.read))
}

// Now returns the time by the service's clock, or the zero time before its first answer.
// This machine's clock may be wrong. A Date has whole seconds, so the service may be up
// to a second ahead.
func (c *Client) Now() time.Time { return c.clock.now() }
