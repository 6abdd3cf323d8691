package e2e_test

import (
	"compress/gzip"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"strings"
	"sync/atomic"
	"testing"

	"a0permit/internal/auth0/auth0test"
)

// a0export stops within its budget of 64 MiB, however long a row of the export is, be it
// endless or made of many rows by a quote that is not closed.
func TestMemoryOfALongRow(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("means nothing under the race detector, which has a memory of its own")
	}
	const mib = 1 << 20
	size := 200 * mib
	if *full {
		size = 1024 * mib
	}
	line := strings.Repeat("x", 99)
	for name, row := range map[string][2]string{ // its beginning, and what is repeated
		"no end": {`"'auth0|1","'`, line}, "an open quote": {`"'auth0|1,`, line + "\n"},
	} {
		var pid atomic.Int64
		peak, sent := 0, 0
		tenant := auth0test.New(few(), auth0test.Options{Polls: -1})
		// The file is gzip without compression, so that as much is sent as must be held,
		// and the sockets hold little of it.
		srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if !strings.HasPrefix(r.URL.Path, "/exports/") {
				tenant.ServeHTTP(w, r)
				return
			}
			file, err := gzip.NewWriterLevel(w, gzip.NoCompression)
			_, _ = io.WriteString(file, "user_id,email,given_name,family_name,provider\n"+row[0])
			chunk := []byte(strings.Repeat(row[1], mib/len(row[1])))
			for err == nil && sent < size {
				_, err = file.Write(chunk)
				sent += len(chunk)
				peak = max(peak, peakBytes(pid.Load()))
			}
		}))
		cmd := exec.CommandContext(t.Context(), "a0export", "--domain", srv.URL)
		cmd.Env = append(os.Environ(), "AUTH0_API_TOKEN="+auth0test.DefaultToken)
		said, err := runWatched(cmd, &pid)
		srv.Close()
		if err == nil || !strings.Contains(said, "the row after line 1 is longer than 8 MiB") {
			t.Errorf("%s: %v: %s", name, err, said)
		}
		t.Logf("%s: %.1f MiB after %d MiB were sent", name, float64(peak)/mib, sent/mib)
		if peak == 0 || peak > 64*mib {
			t.Errorf("%s: %d bytes, the goal is %d", name, peak, 64*mib)
		}
	}
}
