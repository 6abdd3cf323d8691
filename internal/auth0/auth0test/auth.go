package auth0test

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"mime"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"
)

// authorize checks the Authorization header only. Each route checks its scopes.
func (s *Server) authorize(r *http.Request, now time.Time) *apiError {
	header := r.Header.Values("Authorization")
	if len(header) == 0 {
		return refuse(http.StatusUnauthorized, "", "Missing authentication")
	}
	scheme, token, _ := strings.Cut(header[0], " ")
	malformed := len(header) > 1 || !strings.EqualFold(scheme, "Bearer") ||
		token == "" || strings.ContainsAny(token, " \t")
	// A token that was requested without an audience is opaque. The service answers it
	// like a malformed header.
	if malformed || s.opaque[token] {
		return refuse(http.StatusBadRequest, "Bearer", "Bad HTTP authentication header format")
	}
	expires, ok := s.issued[token]
	if token == s.opts.Token {
		expires, ok = s.opts.TokenExpires, true
	}
	switch {
	case !ok:
		return errTokenState("Invalid token")
	case !expires.IsZero() && !now.Before(expires):
		return errTokenState("Expired token received for JSON Web Token validation")
	}
	return nil
}

// require returns a 403 if the token has none of the scopes. The real 403 says "any
// of".
func (s *Server) require(scopes ...string) *apiError {
	if slices.ContainsFunc(scopes, s.hasScope) {
		return nil
	}
	return errScope(scopes)
}

// requireAll returns a 403 if the token lacks any of the scopes, the other way to read
// a list of scopes in the docs.
func (s *Server) requireAll(scopes ...string) *apiError {
	for _, scope := range scopes {
		if err := s.require(scope); err != nil {
			return err
		}
	}
	return nil
}

func (s *Server) hasScope(scope string) bool { return slices.Contains(s.opts.Scopes, scope) }

// oauthError is an error of the token endpoint. The Management API has another form.
type oauthError struct {
	Error       string `json:"error"`
	Description string `json:"error_description"`
}

type tokenAnswer struct {
	AccessToken string `json:"access_token"`
	Scope       string `json:"scope,omitempty"`
	ExpiresIn   int    `json:"expires_in"`
	TokenType   string `json:"token_type"`
}

// serveToken handles the client credentials grant. docs: management API access tokens
// for production.
func (s *Server) serveToken(w http.ResponseWriter, r *http.Request) {
	deny := func(status int, code, description string) {
		writeJSON(w, status, oauthError{Error: code, Description: description})
	}
	form, err := readTokenForm(r)
	if err != nil {
		deny(http.StatusBadRequest, "invalid_request", err.Error())
		return
	}
	for _, name := range []string{"grant_type", "client_id", "client_secret"} {
		if form[name] == "" {
			deny(http.StatusBadRequest, "invalid_request", "Missing required parameter: "+name)
			return
		}
	}
	audience := form["audience"]
	switch {
	case form["grant_type"] != "client_credentials":
		deny(http.StatusForbidden, "unsupported_grant_type", "Unsupported grant type: "+form["grant_type"])
	case form["client_id"] != s.opts.ClientID || form["client_secret"] != s.opts.ClientSecret:
		deny(http.StatusUnauthorized, "access_denied", "Unauthorized")
	case audience != "" && !s.isAudience(audience, r):
		deny(http.StatusForbidden, "access_denied", "Service not found: "+audience)
	default:
		s.writeAnswer(w, s.flaw(r), encode(s.issue(r.Host, audience == "")))
	}
}

// isAudience reports whether audience is that of the Management API, trailing slash
// included. Its domain is the host of the request unless Options sets another.
func (s *Server) isAudience(audience string, r *http.Request) bool {
	if s.opts.Audience != "" {
		return audience == s.opts.Audience
	}
	return audience == "https://"+r.Host+apiPath || audience == "http://"+r.Host+apiPath
}

func (s *Server) issue(host string, opaque bool) tokenAnswer {
	s.mu.Lock()
	defer s.mu.Unlock()
	a := tokenAnswer{ExpiresIn: int(s.opts.TokenLife.Seconds()), TokenType: "Bearer"}
	if s.opts.TokenScope {
		a.Scope = strings.Join(s.opts.Scopes, " ")
	}
	serial := len(s.issued) + len(s.opaque) + 1
	if opaque {
		a.AccessToken = fmt.Sprintf("opaque-%06d", serial)
		s.opaque[a.AccessToken] = true
		return a
	}
	expires := s.now().Add(s.opts.TokenLife)
	claims := fmt.Sprintf(`{"iss":%q,"azp":%q,"exp":%d,"scope":%q,"gty":"client-credentials","jti":"%d"}`,
		"https://"+host+"/", s.opts.ClientID, expires.Unix(), strings.Join(s.opts.Scopes, " "), serial)
	a.AccessToken = "eyJhbGciOiJSUzI1NiJ9." + base64.RawURLEncoding.EncodeToString([]byte(claims)) + ".aXNzdWVk"
	s.issued[a.AccessToken] = expires
	return a
}

// readTokenForm reads the parameters of a token request. The endpoint accepts a form
// or a JSON object.
func readTokenForm(r *http.Request) (map[string]string, error) {
	kind, _, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if err != nil {
		return nil, fmt.Errorf("content type: %w", err)
	}
	body, err := readBody(r)
	if err != nil {
		return nil, err
	}
	form := map[string]string{}
	switch kind {
	case "application/json":
		if err := json.Unmarshal(body, &form); err != nil {
			return nil, fmt.Errorf("body: %w", err)
		}
	case "application/x-www-form-urlencoded":
		values, err := url.ParseQuery(string(body))
		if err != nil {
			return nil, fmt.Errorf("body: %w", err)
		}
		for name := range values {
			form[name] = values.Get(name)
		}
	default:
		return nil, fmt.Errorf("content type %q is neither form nor JSON", kind)
	}
	return form, nil
}
