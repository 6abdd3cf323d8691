package auth0

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"sync"
	"time"

	"a0permit/internal/httpapi"
)

// TokenPath is the path of the token endpoint on the tenant's domain.
const TokenPath = "/oauth/token" //nolint:gosec // a path

// Credentials identify a machine-to-machine application.
type Credentials struct {
	ID     string
	Secret httpapi.Secret
	// Audience is the identifier of the Management API. It has the tenant's canonical
	// domain even if calls go to a custom domain (Auth0 docs, configure features to
	// use custom domains). "" means the domain of the calls.
	Audience string
}

// tokens requests tokens by the client credentials grant, one at a time.
type tokens struct {
	api         *httpapi.Client
	credentials Credentials

	mu      sync.Mutex
	token   httpapi.Secret
	scope   string // sent with the token, though not documented
	renewAt time.Time
}

// Tokens returns a source of tokens for the tenant at config.Base.
func (c Credentials) Tokens(config httpapi.Config) httpapi.TokenSource {
	if c.Audience == "" {
		c.Audience = strings.TrimSuffix(config.Base.String(), "/") + "/api/v2/" // the last slash is part of it
	}
	config.ParseError = parseError
	// Token requests have a limit of their own (Auth0 docs, M2M token quotas).
	config.Pacer, config.Token, config.Tokens = nil, "", nil
	return &tokens{api: httpapi.New(config), credentials: c}
}

// Token implements httpapi.TokenSource. It renews the token before it expires.
// Concurrent callers wait for one request.
func (t *tokens) Token(ctx context.Context) (httpapi.Secret, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.token != "" && time.Now().Before(t.renewAt) {
		return t.token, nil
	}
	var answer struct {
		AccessToken string `json:"access_token"`
		ExpiresIn   any    `json:"expires_in"`
		Scope       any    `json:"scope"`
	}
	requestedAt := time.Now()
	err := t.api.Do(ctx, httpapi.Call{Method: http.MethodPost, Path: TokenPath, Abandon: true, Body: map[string]string{
		"grant_type": "client_credentials", "client_id": t.credentials.ID,
		"client_secret": t.credentials.Secret.Reveal(), "audience": t.credentials.Audience,
	}}, &answer)
	switch {
	case err != nil:
		return "", err
	case answer.AccessToken == "":
		return "", errors.New("POST " + TokenPath + ": the answer has no token")
	}
	life := 24 * time.Hour
	if seconds, ok := parseNumber(answer.ExpiresIn); ok && seconds > 0 {
		life = min(life, time.Duration(seconds)*time.Second)
	}
	t.token = httpapi.Secret(answer.AccessToken)
	t.scope, _ = answer.Scope.(string)
	t.renewAt = requestedAt.Add(life - min(life/10, 5*time.Minute))
	return t.token, nil
}

// grantedScope returns the scopes, separated by spaces, that Auth0 sent with the
// token. It is "" if it sent none.
func (t *tokens) grantedScope() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.scope
}

// Discard implements httpapi.TokenSource.
func (t *tokens) Discard(token httpapi.Secret) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.token == token {
		t.token = ""
	}
}
