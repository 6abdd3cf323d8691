package permitload

import (
	"net/http"
	"strconv"
	"testing"
	"testing/synctest"

	"a0permit/internal/httpapi/httpapitest"
	"a0permit/internal/permit/permittest"
	"a0permit/internal/tool"
)

// What a refusal for size teaches holds for the whole run.
func TestSmallerBatches(t *testing.T) {
	t.Parallel()
	for _, status := range []int{403, 413, 422} {
		t.Run(strconv.Itoa(status), func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				srv := permittest.New(permittest.Options{Oversize: status, Caps: permittest.Caps{Users: 150, Assignments: 150}})
				want := crowd(400)
				wantLoaded(t, srv, records(want), want)
				refused := 0
				for _, call := range srv.Calls() {
					if call.Status == status {
						refused++
					}
				}
				// 400 and 200 users, 600 and 300 assignments; a 422 may mean anything, so
				// it teaches nothing.
				most := 2 + 2
				if status == 422 {
					most = 3 + 3
				}
				if refused > most {
					t.Errorf("%d calls were too large, want at most %d", refused, most)
				}
			})
		})
	}
	t.Run("by bytes", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			srv := permittest.New(permittest.Options{MaxBody: 4000})
			want := crowd(300)
			wantLoaded(t, srv, records(want), want)
		})
	})
}

// A key that may read but not write is no reason to halve for ever, nor to put
// a million lines on stdout.
func TestKeyThatMayNotWrite(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		srv := permittest.New(permittest.Options{Faults: func(r *http.Request) httpapitest.Fault {
			if r.Method != http.MethodGet {
				return httpapitest.Fault{Status: http.StatusForbidden, Body: `{"error_code":"FORBIDDEN_ACCESS","message":"read only"}`}
			}
			return httpapitest.Fault{}
		}})
		_, input := plain(3000)
		got := bring(t.Context(), srv, input)
		wantCode(t, got, tool.Stopped)
		if got.out != "" || writes(srv) > 6 {
			t.Errorf("%d writes, stdout: %.200s", writes(srv), got.out)
		}
	})
}
