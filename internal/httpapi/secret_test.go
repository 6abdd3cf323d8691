package httpapi_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"a0permit/internal/httpapi"
)

func TestErrorsAndLogsKeepSecretsAndEmails(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var logged strings.Builder
		a := &answers{list: []answer{
			{err: &url.Error{Op: "Get", URL: "https://x?token=s3cret", Err: errors.New("dial jane@acme.com")}},
			{status: 422, body: `{"code":"INVALID","message":"jane@acme.com is taken"}`},
		}}
		c := newClient(t, a, func(config *httpapi.Config) {
			config.Log = slog.New(slog.NewTextHandler(&logged, &slog.HandlerOptions{Level: slog.LevelInfo}))
			config.OnWait = func(_ time.Duration, why error) { fmt.Fprintln(&logged, why) }
		})
		err := c.Do(t.Context(), httpapi.Call{Method: http.MethodPut, Path: "/users/samlp%7Cacme%7Cjane@acme.com"}, nil)
		if err == nil {
			t.Fatal("Do = nil, want an error")
		}
		text := err.Error() + logged.String()
		if strings.Contains(text, "s3cret") || strings.Contains(text, "jane") {
			t.Errorf("a secret or an email is in %s", text)
		}
		var api *httpapi.APIError
		if !errors.As(err, &api) || api.Message != "jane@acme.com is taken" {
			t.Errorf("the service's own words are lost: %+v", api)
		}
	})
}

func TestSecret(t *testing.T) {
	t.Parallel()
	secret := httpapi.Secret("s3cret")
	encoded, err := json.Marshal(map[string]any{"a": secret})
	if err != nil {
		t.Fatal(err)
	}
	var logged strings.Builder
	slog.New(slog.NewJSONHandler(&logged, nil)).Info("x", "token", secret)
	formatted := fmt.Sprintf("%v %+v %#v %s %q", secret, secret, secret, secret, secret)
	for _, text := range []string{fmt.Sprint(secret), formatted, string(encoded), logged.String()} {
		if strings.Contains(text, "s3cret") {
			t.Errorf("it shows in %s", text)
		}
	}
}
