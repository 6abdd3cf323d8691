package httpapi_test

import (
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"a0permit/internal/httpapi"
)

// A client knows the time of its service, however wrong the clock of this machine is, and
// also between two answers.
func TestClientKnowsTheServicesTime(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		there := time.Date(2031, 5, 1, 12, 0, 0, 0, time.UTC)
		dated := true
		c := newClient(t, nil, func(config *httpapi.Config) {
			config.Transport = transportFunc(func(*http.Request) (*http.Response, error) {
				body := io.NopCloser(strings.NewReader(`{}`))
				answer := &http.Response{StatusCode: http.StatusOK, Header: http.Header{}, Body: body}
				if dated {
					answer.Header.Set("Date", there.Format(http.TimeFormat))
				}
				return answer, nil
			})
		})
		ask := func() {
			if err := c.Do(t.Context(), httpapi.Call{Method: http.MethodGet, Path: "/"}, &struct{}{}); err != nil {
				t.Fatal(err)
			}
		}
		if got := c.Now(); !got.IsZero() {
			t.Errorf("before any answer it is %s there", got)
		}
		ask()
		time.Sleep(time.Minute)
		if got, want := c.Now(), there.Add(time.Minute); !got.Equal(want) {
			t.Errorf("a minute after the answer it is %s there, want %s", got, want)
		}
		dated = false
		ask()
		if got, want := c.Now(), there.Add(time.Minute); !got.Equal(want) {
			t.Errorf("after an answer without Date it is %s there, want %s", got, want)
		}
		there, dated = there.Add(-time.Hour), true
		ask()
		if got := c.Now(); !got.Equal(there) {
			t.Errorf("it is %s there, want what the latest answer says: %s", got, there)
		}
	})
}
