package e2e_test

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"a0permit/internal/a0export"
	"a0permit/internal/a0tojsonl"
	"a0permit/internal/auth0/auth0test"
	"a0permit/internal/permit/permittest"
	"a0permit/internal/permitload"
)

// examples/README.md compares Permit's own script with the pipe, with figures from here.
// Each row runs in a bubble of its own, against fakes with the published limits. That an
// answer takes 100 or 250 ms is an assumption.
func TestComparison(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("takes its time under the race detector")
	}
	const fast, slow = 100 * time.Millisecond, 250 * time.Millisecond
	asIs := auth0test.Sample(3000)
	mended := withKeysForNames(asIs)
	withEmails := withoutNoEmail(mended)
	var table strings.Builder
	for _, row := range []struct {
		name       string
		tenant     auth0test.Tenant
		latency    time.Duration
		takeQuotes bool   // of the script
		stops      string // error with which the script ends; "" if it reaches its end
	}{
		{"Permit's script, 100 ms an answer", asIs, fast, false, `loc":["body","key"],"msg":"string does not match`},
		{"with role names that Permit takes, and without the `'`", mended, fast, true, `loc":["body","email"]`},
		{"and without the users who have no email", withEmails, fast, true, "429"},
		{"the same, 250 ms an answer", withEmails, slow, true, ""},
		{"**the pipe**, 100 ms an answer", asIs, fast, false, ""},
		{"**the pipe**, 250 ms an answer", asIs, slow, false, ""},
	} {
		synctest.Test(t, func(t *testing.T) {
			f := &fakes{
				auth0:  auth0test.New(row.tenant, auth0test.Options{Limit: auth0test.Enterprise}),
				permit: permittest.New(permittest.Options{}),
			}
			began, end := time.Now(), ""
			if strings.Contains(row.name, "the pipe") {
				runPipe(t, f, row.latency)
			} else if err := runAdminScript(t, f, row.latency, row.takeQuotes); err != nil {
				end = ", then it stops"
				if row.stops == "" || !strings.Contains(err.Error(), row.stops) {
					t.Errorf("%s: %v", row.name, err)
				}
			}
			fmt.Fprintln(&table, rowOf(row.name, f, row.tenant, time.Since(began), end))
		})
	}
	t.Logf("\n%s", table.String())
	text := pageText(t, "examples/README.md")
	for line := range strings.Lines(table.String()) {
		if !strings.Contains(text, line) {
			t.Errorf("examples/README.md, Comparison, needs the row %s", line)
		}
	}
}

// runPipe runs the three commands as a pipe, in a bubble.
func runPipe(t *testing.T, f *fakes, latency time.Duration) {
	t.Helper()
	const auth0, permit = "127.0.0.1:1", "127.0.0.1:2"
	defer serveInBubble(auth0, latency, f.auth0)()
	defer serveInBubble(permit, latency, f.permit)()
	token, key := tokenFile(t, auth0test.DefaultToken), tokenFile(t, permittest.DefaultKey)
	var left bytes.Buffer
	var said [3]bytes.Buffer
	rows, packed := io.Pipe()
	lines, out := io.Pipe()
	codes := make(chan int, 2)
	go func() {
		args := []string{"a0export", "--domain", "http://" + auth0, "--token-file", token}
		codes <- a0export.Run(t.Context(), args, strings.NewReader(""), packed, &said[0])
		_ = packed.Close()
	}()
	go func() {
		codes <- a0tojsonl.Run(t.Context(), []string{"a0tojsonl"}, rows, out, &said[1])
		_ = out.Close()
	}()
	args := []string{"permitload", "--api-url", "http://" + permit, "--token-file", key, "--create-missing", "yes"}
	code := permitload.Run(t.Context(), args, lines, &left, &said[2], nil)
	if diff := cmp.Diff(stateOf(f.auth0.Tenant()), f.permit.State()); diff != "" {
		t.Errorf("Permit differs from the tenant (-want +got):\n%s", diff)
	}
	if code != 0 || <-codes != 0 || <-codes != 0 || left.Len() > 0 {
		t.Errorf("the pipe: %s%s%s%s", said[0].String(), said[1].String(), said[2].String(), left.String())
	}
}

// withKeysForNames returns the tenant with role names that Permit accepts as keys.
func withKeysForNames(t auth0test.Tenant) auth0test.Tenant {
	t.Roles = slices.Clone(t.Roles)
	for i := range t.Roles {
		t.Roles[i].Name = roleKey(t.Roles[i].Name)
		if len(t.Roles[i].Members) == 0 {
			t.Roles[i].Name = "unused"
		}
	}
	return t
}

// withoutNoEmail returns the tenant without users that have no email.
func withoutNoEmail(t auth0test.Tenant) auth0test.Tenant {
	gone := map[string]bool{}
	for _, u := range t.Users {
		gone[u.ID] = u.Email == ""
	}
	isGone := func(id string) bool { return gone[id] }
	t.Users = slices.DeleteFunc(slices.Clone(t.Users), func(u auth0test.User) bool { return isGone(u.ID) })
	t.Roles = slices.Clone(t.Roles)
	for i := range t.Roles {
		t.Roles[i].Members = slices.DeleteFunc(slices.Clone(t.Roles[i].Members), isGone)
	}
	return t
}

// rowOf returns a row of the table in examples/README.md.
func rowOf(name string, f *fakes, tenant auth0test.Tenant, took time.Duration, end string) string {
	state := f.permit.State()
	assigned, refused := 0, 0
	for _, r := range tenant.Roles {
		assigned += len(r.Members)
	}
	for _, call := range append(f.auth0.Calls(), f.permit.Calls()...) {
		if call.Status == http.StatusTooManyRequests {
			refused++
		}
	}
	span := fmt.Sprintf("%.0f s", took.Seconds())
	if took > time.Minute {
		span = fmt.Sprintf("%.0f min", took.Minutes())
	}
	of := func(have, want int) string { return thousands(have) + " of " + thousands(want) }
	return fmt.Sprintf("| %s | %s | %s | %s | %s | %s | %d |", name,
		thousands(len(f.auth0.Calls())), thousands(len(f.permit.Calls())), span+end,
		of(len(state.Users), len(tenant.Users)), of(len(state.Assignments), assigned), refused)
}

// thousands returns a number with commas, as in 3,000.
func thousands(n int) string {
	if n < 1000 {
		return strconv.Itoa(n)
	}
	return fmt.Sprintf("%d,%03d", n/1000, n%1000)
}
