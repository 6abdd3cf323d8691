package permitload

import (
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"a0permit/internal/httpapi/httpapitest"
	"a0permit/internal/permit/permittest"
	"a0permit/internal/tool"
)

// counting returns a handler that answers as srv does, but with other counts.
func counting(srv http.Handler, count func(int) int) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		answer := httptest.NewRecorder()
		srv.ServeHTTP(answer, r)
		body := regexp.MustCompile(`("assignments_(?:created|removed)":)(\d+)`).ReplaceAllStringFunc(answer.Body.String(),
			func(field string) string {
				name, n, _ := strings.Cut(field, ":")
				of, _ := strconv.Atoi(n)
				return name + ":" + strconv.Itoa(count(of))
			})
		maps.Copy(w.Header(), answer.Header())
		w.WriteHeader(answer.Code)
		_, _ = io.WriteString(w, body)
	})
}

// Permit counts fewer role assignments than it made. What is there is looked up,
// and counts; nothing is sent twice.
func TestCountsThatAreTooSmall(t *testing.T) {
	t.Parallel()
	for name, count := range map[string]func(int) int{
		"none": func(int) int { return 0 }, "one less": func(n int) int { return n - 1 },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				srv := permittest.New(permittest.Options{AssignmentLag: 20 * time.Second})
				want := usersWithRoles(100)
				began := time.Now()
				wantReport(t, load(t.Context(), counting(srv, count), linesFor(want)), tool.Done)
				wantState(t, srv, want)
				if n, took := countCalls(srv, "POST F/role_assignments"), time.Since(began); n != 1 || took > time.Minute {
					t.Errorf("%d calls to assign roles in %s", n, took)
				}
				time.Sleep(time.Hour)
				all := linesFor(want)
				wantReport(t, removeUsers(t.Context(), counting(srv, count), all), tool.Done)
				if n, left := countCalls(srv, "DELETE F/role_assignments"), len(srv.State().Assignments); n != 1 || left > 0 {
					t.Errorf("%d calls to take roles away, %d are left", n, left)
				}
			})
		})
	}
}

// A bulk call that succeeds and does nothing is made again, and then what it was to
// do is done one by one.
func TestCallsThatDoNothing(t *testing.T) {
	t.Parallel()
	for _, times := range [][]int{{1}, {1, 2}, nil} {
		synctest.Test(t, func(t *testing.T) {
			nothing := httpapitest.Fault{Status: 200, Body: `{"assignments_created":0}`}
			srv := permittest.New(permittest.Options{Faults: faultOn("POST F/role_assignments/bulk", nothing, times...)})
			want := usersWithRoles(100)
			wantReport(t, load(t.Context(), srv, linesFor(want)), tool.Done, "100 loaded")
			wantState(t, srv, want)

			nothing.Body = `{"assignments_removed":0}`
			srv = permittest.New(permittest.Options{Faults: faultOn("DELETE F/role_assignments/bulk", nothing, times...)})
			srv.Seed(want)
			wantReport(t, removeUsers(t.Context(), srv, linesFor(want)), tool.Done)
			if left := srv.State(); len(left.Assignments)+len(left.Users) > 0 {
				t.Errorf("%d users and %d assignments are left", len(left.Users), len(left.Assignments))
			}
		})
	}
}
