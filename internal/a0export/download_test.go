package a0export

import (
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"a0permit/internal/auth0/auth0test"
	"a0permit/internal/httpapi/httpapitest"
)

func downloadStatuses(s *auth0test.Server) (statuses []int) {
	for _, call := range s.Calls() {
		if strings.HasPrefix(call.Path, "/exports/") {
			statuses = append(statuses, call.Status)
		}
	}
	return statuses
}

// An expired link is replaced by a fresh one, a few times.
func TestLinksThatHaveExpired(t *testing.T) {
	t.Parallel()
	tests := []struct {
		expired int
		want    []int
		code    int
	}{
		{1, []int{403, 200}, 0},
		{3, []int{403, 403, 403, 200}, 0},
		{5, []int{403, 403, 403, 403, 403, 200}, 0},
		{100, []int{403, 403, 403, 403, 403, 403, 403, 403, 403, 403, 403}, 1},
	}
	for _, tt := range tests {
		t.Run(fmt.Sprintf("%d times", tt.expired), func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				s := auth0test.New(small(), auth0test.Options{ExpireLinks: tt.expired})
				start := time.Now()
				r := runHere(t.Context(), s)
				r.expect(t, tt.code)
				if diff := cmp.Diff(tt.want, downloadStatuses(s)); diff != "" {
					t.Errorf("downloads (-want +got):\n%s", diff)
				}
				for _, call := range s.Calls() {
					if call.Status == http.StatusForbidden && call.Header.Get("Authorization") != "" {
						t.Error("a token went with the link")
					}
				}
				if tt.code != 0 {
					r.expect(t, 1, "a0export: error: export job job_", "a0export: hint: a0export --job job_",
						": download: the download link was refused: GET acme.example: 403 Forbidden\n")
				} else if rows := strings.Count(r.csv(t), "\n"); rows != 5 {
					t.Errorf("%d lines after %v", rows, time.Since(start))
				}
			})
		})
	}
}

func TestStorageThatIsAwayForAWhile(t *testing.T) {
	t.Parallel()
	for _, fault := range []httpapitest.Fault{{Status: 500}, {Status: 503}, {Status: 403}, {Cut: true}} {
		var n atomic.Int32
		r := runInBubble(t, auth0test.New(small(), auth0test.Options{Faults: func(r *http.Request) httpapitest.Fault {
			if n.Add(1) > 9 || !strings.HasPrefix(r.URL.Path, "/exports/") {
				return httpapitest.Fault{}
			}
			return fault
		}}))
		if r.expect(t, 0); r.code == 0 && strings.Count(r.csv(t), "\n") != 5 {
			t.Errorf("CSV %s", r.csv(t))
		}
	}
}

// If the file is cut or damaged anywhere, the output is not a whole gzip stream.
func TestFilesThatAreNotWhole(t *testing.T) {
	t.Parallel()
	var packed bytes.Buffer
	z := gzip.NewWriter(&packed)
	_, _ = io.WriteString(z, "\"user_id\",\"email\"\n\"'auth0|ann\",\"'ann@acme.example\"\n")
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	good := packed.Bytes()
	damaged := bytes.Clone(good)
	damaged[len(damaged)/2] ^= 0x10
	files := map[string][]byte{
		"damaged":            damaged,
		"followed by more":   append(bytes.Clone(good), "more"...),
		"no gzip and no CSV": []byte("<html>\"</html>"),
	}
	for n := range good {
		files[fmt.Sprintf("%d of %d bytes", n, len(good))] = good[:n]
	}
	for name, file := range files {
		tenant := auth0test.New(small(), auth0test.Options{})
		r := runInBubble(t, withStorage(tenant, func(w http.ResponseWriter, _ *http.Request) {
			_, _ = w.Write(file)
		}))
		if r.code != 1 || isWhole(r.out) {
			t.Errorf("%s: exit code %d, whole output %v: %s", name, r.code, isWhole(r.out), r.errs)
		}
	}
}

// If the host cuts every transfer at the same place, the run fails. It names the job,
// which can be resumed.
func TestConnectionsThatBreakOff(t *testing.T) {
	t.Parallel()
	for _, users := range []int{3, 1000} {
		r := runInBubble(t, auth0test.New(auth0test.Sample(users), auth0test.Options{CutDownload: 100}))
		r.expect(t, 1, "the download broke off: unexpected EOF\n", "a0export: hint: a0export --job job_")
	}
}

// If the host supports ranges, only the rest of a cut file is downloaded again.
func TestCutDownloadsGoOn(t *testing.T) {
	t.Parallel()
	tenant := auth0test.Sample(2000)
	want := runInBubble(t, auth0test.New(tenant, auth0test.Options{}))
	for _, ranges := range []bool{false, true} {
		s := auth0test.New(tenant, auth0test.Options{CutDownload: 1, ServeRange: ranges})
		got := runInBubble(t, s)
		got.expect(t, 0)
		if want.csv(t) != got.csv(t) {
			t.Error("the export differs")
		}
		parts := 0
		for _, status := range downloadStatuses(s) {
			if status == http.StatusPartialContent {
				parts++
			}
		}
		if (parts == 1) != ranges {
			t.Errorf("ranges %v: the rest of the file was asked for %d times", ranges, parts)
		}
	}
}

// onlyAnn returns the tenant small with only one user.
func onlyAnn() auth0test.Tenant {
	tenant := small()
	tenant.Users = tenant.Users[:1]
	return tenant
}

// The connection is lost after the last byte, so a request for the rest gets a 416.
func TestNothingIsLeftOfTheFile(t *testing.T) {
	t.Parallel()
	n := 0
	const file = "user_id\nauth0|ann\n"
	tenant := auth0test.New(onlyAnn(), auth0test.Options{})
	r := runInBubble(t, withStorage(tenant, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("ETag", `"x"`)
		if r.Header.Get("Range") != "" {
			w.WriteHeader(http.StatusRequestedRangeNotSatisfiable)
			return
		}
		_, _ = w.Write([]byte(file))
		if n++; n == 1 {
			panic(http.ErrAbortHandler)
		}
	}))
	r.expect(t, 0)
	if rows := strings.Count(r.csv(t), "\n"); rows != 2 {
		t.Errorf("%d lines", rows)
	}
}

// If the file changes, the download is not continued.
func TestFileThatChanges(t *testing.T) {
	t.Parallel()
	n := 0
	tenant := auth0test.New(small(), auth0test.Options{})
	r := runInBubble(t, withStorage(tenant, func(w http.ResponseWriter, _ *http.Request) {
		n++
		_, _ = fmt.Fprintf(w, "user_id\nauth0|%d\n", n)
		if n == 1 {
			panic(http.ErrAbortHandler)
		}
	}))
	r.expect(t, 1, "the file changed during the download\n", "a0export: hint: ")
}

// A proxy may have unpacked the file.
func TestFileThatIsNotPacked(t *testing.T) {
	t.Parallel()
	tenant := auth0test.New(onlyAnn(), auth0test.Options{})
	r := runInBubble(t, withStorage(tenant, func(w http.ResponseWriter, _ *http.Request) {
		_, _ = io.WriteString(w, "user_id\nauth0|ann\n")
	}))
	r.expect(t, 0)
	if diff := cmp.Diff("user_id,roles\nauth0|ann,\"[\"\"Admin\"\",\"\"Viewer\"\"]\"\n", r.csv(t)); diff != "" {
		t.Errorf("CSV (-want +got):\n%s", diff)
	}
}

// A firewall may block the storage host but not the API. Then the hint must not blame
// AUTH0_DOMAIN.
func TestStorageOutOfReach(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		tenant := httpapitest.Transport{Handler: auth0test.New(small(), auth0test.Options{})}
		r := runOver(t.Context(), roundTripper(func(r *http.Request) (*http.Response, error) {
			if strings.HasPrefix(r.URL.Path, "/exports/") {
				return nil, &net.OpError{Op: "dial", Net: "tcp", Err: errors.New("no route to host")}
			}
			return tenant.RoundTrip(r)
		}))
		r.expect(t, 1, "download: GET acme.example: dial tcp: no route to host\n", "a0export: hint: ")
		if strings.Contains(r.errs, "AUTH0_DOMAIN") {
			t.Errorf("the wrong hint: %s", r.errs)
		}
	})
}

// A link without TLS is not followed, since anybody on the way could answer it. This
// holds for the first link and for fresh ones.
func TestLinksThatAreNotFollowed(t *testing.T) {
	t.Parallel()
	for flaw, why := range map[auth0test.Flaw]string{
		auth0test.PlainLink: "it begins with http://, so others could read the file",
		auth0test.UserLink:  "there is a user in it",
	} {
		for expired := range 3 {
			links := 0
			s := auth0test.New(small(), auth0test.Options{
				Polls: -1, ExpireLinks: expired, Flaws: func(r *http.Request) auth0test.Flaw {
					if strings.HasPrefix(r.URL.Path, "/api/v2/jobs/job_") {
						if links++; links > expired {
							return flaw
						}
					}
					return ""
				},
			})
			r := runInBubble(t, s)
			r.expect(t, 1, "download: the download link was not followed: "+why+"\n")
			if n := len(downloadStatuses(s)); n != expired {
				t.Errorf("%s after %d links: %d downloads", flaw, expired, n)
			}
			if strings.Contains(r.errs, "Signature") || strings.Contains(r.errs, "password") {
				t.Errorf("the link is shown: %s", r.errs)
			}
		}
	}
}

// A redirect is not followed either.
func TestLinksThatAreMoved(t *testing.T) {
	t.Parallel()
	tenant := auth0test.New(small(), auth0test.Options{})
	moved := 0
	r := runInBubble(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch {
		case r.Host == "elsewhere.example":
			t.Errorf("called %s", r.URL)
		case strings.HasPrefix(r.URL.Path, "/exports/"):
			moved++
			http.Redirect(w, r, "https://elsewhere.example/users.csv.gz", http.StatusFound)
		default:
			tenant.ServeHTTP(w, r)
		}
	}))
	r.expect(t, 1, "download: GET acme.example: 302 Found\n")
	if moved == 0 {
		t.Error("no download")
	}
}

// A link may return a web page or an error with status 200. The error then says what it
// is and shows its message.
func TestPagesInPlaceOfTheFile(t *testing.T) {
	t.Parallel()
	tests := map[auth0test.Flaw]string{
		auth0test.XMLFile:  `: not CSV: it looks like an XML page that says "AccessDenied: Request has expired"` + "\n",
		auth0test.HTMLFile: `: not CSV: it looks like an HTML page that says "Sign in"` + "\n",
		auth0test.JSONFile: `: not CSV: it looks like JSON that says "Unauthorized: Invalid token"` + "\n",
	}
	for flaw, want := range tests {
		s := auth0test.New(small(), auth0test.Options{Flaws: auth0test.Always(flaw)})
		runInBubble(t, s).expect(t, 1, want, "a0export: hint: a0export --job "+aJob)
	}
}

// A row that never ends is an error before it fills the memory.
func TestRowsThatAreTooLong(t *testing.T) {
	t.Parallel()
	for _, flaw := range []auth0test.Flaw{auth0test.GiantRow, auth0test.OpenQuote} {
		s := auth0test.New(small(), auth0test.Options{Flaws: auth0test.Always(flaw)})
		runInBubble(t, s).expect(t, 1, "CSV: the row after line 1 is longer than 8 MiB")
	}
}

// If the host sends the wrong range, the whole file is downloaded again.
func TestPartThatIsNotTheRest(t *testing.T) {
	t.Parallel()
	const file = "user_id\nauth0|ann\n"
	for _, contentRange := range []string{"bytes 4-9/18", "bytes 9-12/18", "bytes 9-17/*", ""} {
		n := 0
		tenant := auth0test.New(onlyAnn(), auth0test.Options{})
		r := runInBubble(t, withStorage(tenant, func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("ETag", `"x"`)
			if r.Header.Get("Range") != "" {
				w.Header().Set("Content-Range", contentRange)
				w.WriteHeader(http.StatusPartialContent)
				_, _ = io.WriteString(w, file[9:13])
				return
			}
			if n++; n == 1 {
				_, _ = io.WriteString(w, file[:9])
				panic(http.ErrAbortHandler)
			}
			_, _ = io.WriteString(w, file)
		}))
		if r.expect(t, 0); r.code == 0 && strings.Count(r.csv(t), "\n") != 2 {
			t.Errorf("%s: %s", contentRange, r.csv(t))
		}
	}
}
