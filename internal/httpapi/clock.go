package httpapi

import (
	"net/http"
	"sync"
	"time"
)

// clock tells a service's time by the Date of its latest answer.
type clock struct {
	mu   sync.Mutex
	date time.Time // in the latest answer
	read time.Time // when it came, by our clock
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

// Now returns the time by the service's own clock, zero before it has told one.
// This machine's clock may be wrong by any amount. A Date has no fractions of a
// second, so the service may be up to a second further.
func (c *Client) Now() time.Time { return c.clock.now() }
