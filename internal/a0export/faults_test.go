package a0export

import (
	"bytes"
	"math/rand/v2"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"a0permit/internal/auth0/auth0test"
	"a0permit/internal/httpapi/httpapitest"
)

// A 429 that another application caused, or a tenant that is down for a while, costs
// only time.
func TestFaultsThatPass(t *testing.T) {
	t.Parallel()
	faults := map[string]httpapitest.Fault{
		"429":             {Status: 429, Body: `{"statusCode":429,"error":"Too Many Requests"}`},
		"429 with a word": {Status: 429, RetryAfter: 30 * time.Second},
		"500":             {Status: 500}, "503": {Status: 503}, "no answer": {Cut: true}, "lost answer": {Lose: true},
	}
	want := runInBubble(t, auth0test.New(manyRoles(1), auth0test.Options{}))
	for name, fault := range faults {
		var n atomic.Int32
		s := auth0test.New(manyRoles(1), auth0test.Options{Faults: func(r *http.Request) httpapitest.Fault {
			if n.Add(1)%3 == 0 && strings.HasPrefix(r.URL.Path, "/api/") {
				return fault
			}
			return httpapitest.Fault{}
		}})
		got := runInBubble(t, s)
		got.expect(t, 0)
		if got.code == 0 && got.csv(t) != want.csv(t) {
			t.Errorf("%s: the export differs", name)
		}
	}
}

// randomFaults returns faults that make some of the calls fail for a moment.
func randomFaults(seed uint64) func(*http.Request) httpapitest.Fault {
	r := rand.New(rand.NewPCG(seed, 15))
	faults := []httpapitest.Fault{
		{Status: 500}, {Status: 502, Body: "<html>"}, {Status: 503}, {Status: 504}, {Cut: true}, {Lose: true},
	}
	var mu sync.Mutex
	return func(*http.Request) httpapitest.Fault {
		mu.Lock()
		defer mu.Unlock()
		if r.IntN(100) < 15 {
			return faults[r.IntN(len(faults))]
		}
		return httpapitest.Fault{}
	}
}

// Faults do not change the output.
func TestFaultsChangeNothing(t *testing.T) {
	t.Parallel()
	tenant := auth0test.Sample(3000)
	want := runInBubble(t, auth0test.New(tenant, auth0test.Options{}), "--organizations")
	want.expect(t, 0)
	seeds := uint64(2)
	if *full {
		seeds = 12
	}
	for seed := range seeds {
		for _, ranges := range []bool{false, true} {
			got := runInBubble(t, auth0test.New(tenant, auth0test.Options{
				Faults: randomFaults(seed), ExpireLinks: 2, CutDownload: 2, ServeRange: ranges, Polls: 5,
			}), "--organizations")
			got.expect(t, 0)
			if got.code == 0 && !bytes.Equal(want.out[8:], got.out[8:]) { // bytes 4 to 7 are the time
				t.Errorf("seed %d: the export differs", seed)
			}
		}
	}
}
