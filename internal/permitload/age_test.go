package permitload

import (
	"fmt"
	"net/http"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"a0permit/internal/httpapi/httpapitest"
	"a0permit/internal/permit/permittest"
	"a0permit/internal/tool"
)

// clockOff returns a clock for Permit that differs from this machine's.
func clockOff(by time.Duration) *httpapitest.Clock {
	return httpapitest.NewClockAt(time.Now().Add(by), 1)
}

// Input from the future takes nothing away, since the ten minutes' grace would no longer
// protect what was just given. Permit's clock decides, whatever this machine's says.
func TestInputFromTheFutureTakesNothingAway(t *testing.T) {
	t.Parallel()
	for _, off := range []time.Duration{0, -24 * time.Hour, 24 * time.Hour} {
		for _, ahead := range []time.Duration{-time.Second, 0, 2 * time.Second, time.Hour} {
			t.Run(fmt.Sprint(off, " ", ahead), func(t *testing.T) {
				t.Parallel()
				synctest.Test(t, func(t *testing.T) {
					clock := clockOff(off)
					srv := permittest.New(permittest.Options{Clock: clock})
					srv.SeedAt(clock.Now().Add(-time.Hour), threeUsers("ann admin default"))
					srv.SeedAt(clock.Now().Add(-time.Minute), permittest.State{Assignments: roleAssignments("bob admin default")})
					before := srv.State()
					input := roleLines + annAsViewer + lines(`{"type":"user","key":"bob","role_assignments":[]}`)
					got := load(t.Context(), srv, input+endLineAt(clock.Now().Add(ahead)), replaceRoles)
					if ahead <= 0 {
						wantReport(t, got, tool.Done)
						wantAssignments(t, srv, roleAssignments("ann viewer default", "bob admin default"))
						return
					}
					wantReport(t, got, tool.Stopped)
					if !strings.Contains(fmt.Sprint(got.err), "which is in the future: Permit's clock says") {
						t.Errorf("%v", got.err)
					}
					wantState(t, srv, before)
				})
			})
		}
	}
}

// If Permit does not tell the time, the age of the input is unknown, so nothing is taken
// away.
func TestNothingIsTakenAwayWithoutPermitsTime(t *testing.T) {
	t.Parallel()
	srv := permittest.New(permittest.Options{})
	srv.SeedAt(time.Now().Add(-time.Hour), threeUsers("ann admin default"))
	timeless := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		srv.ServeHTTP(timelessWriter{w}, r)
	})
	got := load(t.Context(), timeless, roleLines+annAsViewer+endLineAt(time.Now()), replaceRoles)
	wantReport(t, got, tool.Stopped)
	if !strings.Contains(fmt.Sprint(got.err), "Permit's answers have no Date") || countWrites(srv) > 0 {
		t.Errorf("%d writes, %v", countWrites(srv), got.err)
	}
	wantReport(t, load(t.Context(), timeless, roleLines+annAsViewer+endLine), tool.Done)
}

// timelessWriter removes the Date from an answer.
type timelessWriter struct{ http.ResponseWriter }

func (w timelessWriter) WriteHeader(status int) {
	w.Header()["Date"] = nil
	w.ResponseWriter.WriteHeader(status)
}

// Permit's clock also decides whether input is too old to add roles.
func TestOldInputIsOldByPermitsClock(t *testing.T) {
	t.Parallel()
	for _, off := range []time.Duration{-7 * 24 * time.Hour, 7 * 24 * time.Hour} {
		for age, code := range map[time.Duration]int{time.Hour: tool.Done, 6 * 24 * time.Hour: tool.Stopped} {
			t.Run(fmt.Sprint(off, " ", age), func(t *testing.T) {
				t.Parallel()
				synctest.Test(t, func(t *testing.T) {
					clock := clockOff(off)
					srv := permittest.New(permittest.Options{Clock: clock})
					srv.Seed(threeUsers())
					input := roleLines + lines(`{"type":"user","key":"new","role_assignments":[{"role":"admin"}]}`)
					got := load(t.Context(), srv, input+endLineAt(clock.Now().Add(-age)), replaceRoles)
					wantReport(t, got, code)
				})
			})
		}
	}
}

// The files of --extra and --undo have Permit's time in their end line, since they may be
// the input of a run that takes away.
func TestUserFilesTellPermitsTime(t *testing.T) {
	t.Parallel()
	clock := clockOff(-24 * time.Hour)
	srv := permittest.New(permittest.Options{Clock: clock})
	srv.SeedAt(clock.Now().Add(-time.Hour), threeUsers("ann admin default"))
	dir := t.TempDir()
	extra, undo := filepath.Join(dir, "extra"), filepath.Join(dir, "undo")
	wantExit(t, run(t, srv, annWithoutRoles+endLine, "--extra", extra), tool.Done)
	args := []string{"remove", "--yes", "--remove-limit", "100", "--undo", undo}
	wantExit(t, run(t, srv, annWithoutRoles+endLine, args...), tool.Done)
	for _, file := range []string{extra, undo} {
		_, end, _ := strings.Cut(readFile(t, file), `"as_of":"`)
		at, err := time.Parse(time.RFC3339, strings.TrimSuffix(end, "\"}\n"))
		if late := clock.Now().Sub(at); err != nil || late < 0 || late > time.Minute {
			t.Errorf("%s: %q is %s ago by Permit's clock", file, end, late)
		}
	}
}
