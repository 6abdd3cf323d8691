package httpapi_test

import (
	"context"
	"net/http"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"a0permit/internal/httpapi"
)

func TestWindowsCountFromTheAnswer(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := httpapi.NewWindows([]httpapi.Class{class("bulk", 2, time.Minute)}, nil)
		start := time.Now()
		first := begin(t, w)
		time.Sleep(10 * time.Second) // the call takes that long
		first(&http.Response{StatusCode: 200})
		begin(t, w)(&http.Response{StatusCode: 200})
		begin(t, w)
		// Not at 60 s, one window after it was sent: the service may have counted it only
		// when it answered, at 10 s.
		if got := time.Since(start).Round(time.Second); got != 70*time.Second {
			t.Errorf("third call went out after %v, want 70s", got)
		}
	})
}

func TestWindowsSpendEveryClassThatFits(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		posts := httpapi.Class{
			Name: "write", Calls: 1, Per: time.Minute, Has: func(method, _ string) bool { return method == http.MethodPost },
		}
		w := httpapi.NewWindows([]httpapi.Class{posts, class("all", 2, time.Minute)}, nil)
		start := time.Now()
		for _, method := range []string{http.MethodPost, http.MethodGet} {
			done, err := w.Begin(t.Context(), method, "/")
			if err != nil {
				t.Fatal(err)
			}
			done(nil)
		}
		if got := time.Since(start); got != 0 {
			t.Fatalf("two calls that fit took %v", got)
		}
		begin(t, w)
		if got := time.Since(start).Round(time.Second); got != time.Minute {
			t.Errorf("a third call went out after %v, want 1m: it fits only %q, which is full", got, "all")
		}
	})
}

func TestWindowsNeverExceedTheLimit(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		const calls, per = 10, time.Minute
		w := httpapi.NewWindows([]httpapi.Class{class("all", calls, per)}, nil)
		arrivals := make(chan time.Time, 100)
		var workers sync.WaitGroup
		for range 4 {
			workers.Go(func() {
				for range 20 {
					done := begin(t, w)
					time.Sleep(300 * time.Millisecond)
					arrivals <- time.Now()
					time.Sleep(200 * time.Millisecond)
					done(&http.Response{StatusCode: 200})
				}
			})
		}
		workers.Wait()
		var at []time.Time
		for range 80 {
			at = append(at, <-arrivals)
		}
		slices.SortFunc(at, time.Time.Compare)
		for i := calls; i < len(at); i++ {
			if gap := at[i].Sub(at[i-calls]); gap < per {
				t.Fatalf("calls %d to %d arrived within %v", i-calls, i, gap)
			}
		}
		if spent := at[len(at)-1].Sub(at[0]); spent > 8*per {
			t.Errorf("80 calls took %v, more than the limit asks for", spent)
		}
	})
}

func TestWindowsPauseAfter429(t *testing.T) {
	t.Parallel()
	refusal := func(header string) *http.Response {
		r := &http.Response{StatusCode: http.StatusTooManyRequests, Header: http.Header{}}
		if header != "" {
			r.Header.Set("Retry-After", header)
		}
		return r
	}
	synctest.Test(t, func(t *testing.T) {
		w := httpapi.NewWindows([]httpapi.Class{class("bulk", 100, 2*time.Minute)}, nil)
		// First Retry-After, then 30 s, doubled up to the window of the class.
		for _, step := range []struct {
			header string
			want   time.Duration
		}{{"7", 7 * time.Second}, {"", time.Minute}, {"", 2 * time.Minute}, {"", 2 * time.Minute}} {
			begin(t, w)(refusal(step.header))
			start := time.Now()
			done := begin(t, w)
			if got := time.Since(start); got != step.want {
				t.Errorf("after a 429 with Retry-After %q the next call went out after %v, want %v", step.header, got, step.want)
			}
			done(nil)
		}
		begin(t, w)(&http.Response{StatusCode: 200})
		begin(t, w)(refusal(""))
		start := time.Now()
		begin(t, w)
		if got := time.Since(start); got != 30*time.Second {
			t.Errorf("after an answer in between the pause was %v, want 30s again", got)
		}
	})
}

func TestWindowsProbeWithOneCall(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := httpapi.NewWindows(nil, nil)
		begin(t, w)(&http.Response{StatusCode: http.StatusTooManyRequests})
		probe := begin(t, w)
		second := make(chan struct{})
		go func() {
			begin(t, w)
			close(second)
		}()
		time.Sleep(time.Hour)
		select {
		case <-second:
			t.Error("a second call went out before the probe was answered")
		default:
		}
		probe(&http.Response{StatusCode: 200})
		<-second
	})
}

func TestWindowsEndWithTheContext(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := httpapi.NewWindows([]httpapi.Class{class("all", 1, time.Hour)}, nil)
		begin(t, w)
		ctx, cancel := context.WithCancel(t.Context())
		time.AfterFunc(time.Second, cancel)
		if _, err := w.Begin(ctx, http.MethodGet, "/"); err == nil {
			t.Error("Begin = nil, want the context's error")
		}
	})
}
