package httpapi_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"a0permit/internal/httpapi"
)

func TestInterruptEndsTheWait(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		why := errors.New("interrupt signal received")
		ctx, cancel := context.WithCancelCause(t.Context())
		time.AfterFunc(3*time.Second, func() { cancel(why) })
		start := time.Now()
		a := &answers{list: []answer{retryAfter(503, "600")}}
		err := newClient(t, a, nil).Do(ctx, httpapi.Call{Method: http.MethodGet, Path: "/x"}, nil)
		if !errors.Is(err, why) || time.Since(start) != 3*time.Second {
			t.Errorf("Do = %v after %v, want the interrupt after 3s", err, time.Since(start))
		}
	})
}

func TestInterruptLetsAWriteFinish(t *testing.T) {
	t.Parallel()
	for method, finishes := range map[string]bool{http.MethodPut: true, http.MethodPost: true, http.MethodGet: false} {
		synctest.Test(t, func(t *testing.T) {
			ctx, cancel := context.WithCancel(t.Context())
			time.AfterFunc(time.Second, cancel)
			finished := false
			c := newClient(t, nil, func(config *httpapi.Config) {
				config.Transport = transportFunc(func(r *http.Request) (*http.Response, error) {
					select {
					case <-time.After(10 * time.Second):
						finished = true
						return &http.Response{StatusCode: 200, Header: http.Header{}, Body: io.NopCloser(strings.NewReader(`{}`))}, nil
					case <-r.Context().Done():
						return nil, r.Context().Err()
					}
				})
			})
			err := c.Do(ctx, httpapi.Call{Method: method, Path: "/x"}, &struct{}{})
			if finished != finishes || (err == nil) != finishes {
				t.Errorf("%s: Do = %v, the call finished: %v, want %v", method, err, finished, finishes)
			}
		})
	}
}

// A write without an answer may have done its work. An interrupt does not hide that,
// whether it comes during the call or before the next attempt.
func TestInterruptTellsOfALostAnswer(t *testing.T) {
	t.Parallel()
	for name, after := range map[string]time.Duration{"during the call": time.Second, "between two": 15 * time.Second} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				why := errors.New("interrupt signal received")
				ctx, cancel := context.WithCancelCause(t.Context())
				time.AfterFunc(after, func() { cancel(why) })
				calls := 0
				c := newClient(t, nil, func(config *httpapi.Config) {
					config.Transport = transportFunc(func(*http.Request) (*http.Response, error) {
						if calls++; calls > 1 {
							return &http.Response{
								StatusCode: 503, Header: http.Header{"Retry-After": {"600"}}, Body: http.NoBody,
							}, nil
						}
						time.Sleep(10 * time.Second)
						return nil, io.ErrUnexpectedEOF
					})
				})
				err := c.Do(ctx, httpapi.Call{Method: http.MethodPut, Path: "/x"}, &struct{}{})
				if !errors.Is(err, why) || !httpapi.Unanswered(err) {
					t.Errorf("Do = %v, want the interrupt, and that an answer was lost", err)
				}
			})
		})
	}
}
