package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"regexp"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

var pipeInReadme = regexp.MustCompile(`(?m)^    a0export .*$`)

// The sandbox runs the pipe of the README, with flags for a run without questions.
func TestPipeIsTheReadmes(t *testing.T) {
	t.Parallel()
	readme, err := os.ReadFile("../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	shown := pipeInReadme.FindString(string(readme))
	if shown == "" || !strings.HasPrefix(pipe, strings.TrimSpace(shown)) {
		t.Errorf("README.md shows %q, and the sandbox runs %q", shown, pipe)
	}
}

// What -serve prints is enough for any client to sign in to both services, also under the
// names that their own SDKs read, until the sandbox is interrupted.
func TestServe(t *testing.T) {
	t.Parallel()
	s := start(20)
	defer s.stop()
	ctx, cancel := context.WithCancel(t.Context())
	read, out := io.Pipe()
	ended := make(chan error, 1)
	var text bytes.Buffer
	go func() {
		ended <- s.serve(ctx, "/the/tools", out)
		_ = out.Close()
	}()
	env := map[string]string{}
	buffer := make([]byte, 4096)
	for !strings.Contains(text.String(), "Ctrl-C") {
		n, err := read.Read(buffer)
		if err != nil {
			t.Fatal(err, text.String())
		}
		text.Write(buffer[:n])
	}
	for _, m := range regexp.MustCompile(`(?m)^export ([A-Z0-9_]+)=(.*)$`).FindAllStringSubmatch(text.String(), -1) {
		env[m[1]] = m[2]
	}
	user := s.auth0.Tenant().Users[0].ID
	for target, key := range map[string]string{
		env["AUTH0_DOMAIN"] + "/api/v2/users/" + user + "/roles": env["AUTH0_API_TOKEN"],
		env["AUTH0_DOMAIN"] + "/api/v2/organizations":            env["AUTH0_MGMT_ACCESS_TOKEN"],
		env["PERMIT_API_URL"] + "/v2/api-key/scope":              env["PERMIT_API_KEY"],
		env["PERMIT_API_URL"] + "/v2/projects/default":           env["PERMIT_SDK_TOKEN"],
	} {
		if status, body := call(t, http.MethodGet, target, "Bearer "+key, ""); status != http.StatusOK {
			t.Errorf("%s: %d %s", target, status, body)
		}
	}
	signIn := fmt.Sprintf(`{"grant_type":"client_credentials","client_id":%q,"client_secret":%q,"audience":%q}`,
		env["AUTH0_CLIENT_ID"], env["AUTH0_CLIENT_SECRET"], env["AUTH0_DOMAIN"]+"/api/v2/")
	if status, body := call(t, http.MethodPost, env["AUTH0_DOMAIN"]+"/oauth/token", "", signIn); status != http.StatusOK {
		t.Errorf("signing in: %d %s", status, body)
	}
	cancel()
	if _, err := io.Copy(&text, read); err != nil {
		t.Error(err)
	}
	select {
	case err := <-ended:
		if err != nil || !strings.Contains(text.String(), "Permit now holds 0 users") {
			t.Errorf("%v: %s", err, text.String())
		}
	case <-time.After(time.Minute):
		t.Error("it goes on")
	}
}

// A long step gives signs of life, and its error is returned.
func TestTellWhile(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var out strings.Builder
		wrong := errors.New("no such package")
		err := tellWhile(&out, "still building", func() error { time.Sleep(25 * time.Second); return wrong })
		if want := "still building, 10 s\nstill building, 20 s\n"; out.String() != want || !errors.Is(err, wrong) {
			t.Errorf("%v, %q", err, out.String())
		}
	})
}

func call(t *testing.T, method, target, authorization, body string) (status int, answer string) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, target, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Authorization", authorization)
	r.Header.Set("Content-Type", "application/json")
	resp, err := http.DefaultTransport.RoundTrip(r)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close() //nolint:errcheck // it has been read
	raw, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, string(raw)
}
