package e2e_test

import (
	"bytes"
	"compress/gzip"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"a0permit/internal/auth0/auth0test"
	"a0permit/internal/httpapi/httpapitest"
	"a0permit/internal/permit/permittest"
)

// adminScript makes the calls of Permit's own script for Auth0, in its order:
// permitio/admin-scripts at c189ba5, auth0/auth0_sync_users_with_permit.py, with
// auth0-python 3.24.1 and permit 2.8.3, as read in their sources. It ends, as the
// script does, at the first call that Permit refuses.
type adminScript struct {
	t             *testing.T
	auth0, permit http.RoundTripper
	facts, schema string // paths, once the scope of the key is known
	// takeQuotes removes the ' that Auth0 puts before each text in a CSV. The script does
	// not, so somebody would have to.
	takeQuotes bool
}

// run does what the guide says: an export by hand, then the script. The script creates
// the missing roles and ends. It loads when it is run again.
func (s *adminScript) run() error {
	rows := s.export()
	for range 2 {
		missing, err := s.missingRoles()
		if err != nil {
			return err
		}
		for _, name := range missing {
			role := map[string]string{"key": name, "name": name, "description": name}
			if _, err := s.callPermit(http.MethodPost, s.schema+"roles", role); err != nil {
				return err
			}
		}
		if missing != nil {
			continue
		}
		for _, row := range rows {
			if err := s.sync(row); err != nil {
				return err
			}
		}
	}
	return nil
}

// export makes the calls that the guide has a person make with curl.
func (s *adminScript) export() []map[string]string {
	s.t.Helper()
	const body = `{"format":"csv","fields":[{"name":"user_id"},{"name":"email"},` +
		`{"name":"given_name"},{"name":"family_name"}]}`
	var job struct{ ID, Status, Location string }
	s.decode(s.callAuth0(http.MethodPost, "/api/v2/jobs/users-exports", body), &job)
	for job.Status != "completed" {
		s.decode(s.callAuth0(http.MethodGet, "/api/v2/jobs/"+job.ID, ""), &job)
	}
	at, err := url.Parse(job.Location)
	if err != nil {
		s.t.Fatal(err)
	}
	unzipped, err := gzip.NewReader(bytes.NewReader(s.callAuth0(http.MethodGet, at.RequestURI(), "")))
	if err != nil {
		s.t.Fatal(err)
	}
	table, err := csv.NewReader(unzipped).ReadAll()
	if err != nil {
		s.t.Fatal(err)
	}
	var rows []map[string]string
	for _, cells := range table[1:] {
		row := map[string]string{}
		for i, name := range table[0] {
			row[name] = cells[i]
			if s.takeQuotes {
				row[name] = strings.TrimPrefix(cells[i], "'")
			}
		}
		rows = append(rows, row)
	}
	return rows
}

// missingRoles compares the first page of roles of each service.
func (s *adminScript) missingRoles() ([]string, error) {
	var wanted []struct{ Name string }
	s.decode(s.callAuth0(http.MethodGet, "/api/v2/roles", ""), &wanted)
	raw, err := s.callPermit(http.MethodGet, "/v2/api-key/scope", nil)
	if err != nil {
		return nil, err
	}
	var scope map[string]string
	s.decode(raw, &scope)
	place := scope["project_id"] + "/" + scope["environment_id"] + "/"
	s.facts, s.schema = "/v2/facts/"+place, "/v2/schema/"+place
	if raw, err = s.callPermit(http.MethodGet, s.schema+"roles?page=1&per_page=100", nil); err != nil {
		return nil, err
	}
	var roles []struct{ Key string }
	s.decode(raw, &roles)
	have := map[string]bool{}
	for _, r := range roles {
		have[r.Key] = true
	}
	var missing []string
	for _, r := range wanted {
		if !have[r.Name] {
			missing = append(missing, r.Name)
		}
	}
	return missing, nil
}

// sync loads one user with a call to Auth0, one to Permit, and one for each role.
func (s *adminScript) sync(row map[string]string) error {
	var held struct{ Roles []struct{ Name string } }
	path := "/api/v2/users/" + url.PathEscape(row["user_id"]) + "/roles?per_page=25&page=0&include_totals=true"
	raw := s.callAuth0(http.MethodGet, path, "")
	if err := json.Unmarshal(raw, &held); err != nil {
		return fmt.Errorf("roles of a user: %w: %s", err, raw)
	}
	user := map[string]string{
		"key": row["user_id"], "email": row["email"], "first_name": row["given_name"], "last_name": row["family_name"],
	}
	if row["email"] == "" {
		delete(user, "key") // the SDK does not recognize a UserCreate, and removes the key from the body
	}
	if _, err := s.callPermit(http.MethodPut, s.facts+"users/"+url.PathEscape(row["user_id"]), user); err != nil {
		return err
	}
	for _, r := range held.Roles {
		assignment := map[string]string{"user": row["user_id"], "role": r.Name, "tenant": "default"}
		if _, err := s.callPermit(http.MethodPost, s.facts+"role_assignments", assignment); err != nil {
			return err
		}
	}
	return nil
}

// callAuth0 tries a GET three more times after a 429, as auth0-python does.
func (s *adminScript) callAuth0(method, path, body string) []byte {
	s.t.Helper()
	for wait := 100 * time.Millisecond; ; wait = min(2*wait, time.Second) {
		token := auth0test.DefaultToken
		if !strings.HasPrefix(path, "/api/") {
			token = "" // the link is signed
		}
		status, raw := s.call(s.auth0, method, "http://auth0.example"+path, token, body)
		if status != http.StatusTooManyRequests || method != http.MethodGet || wait > 400*time.Millisecond {
			return raw
		}
		time.Sleep(wait)
	}
}

// callPermit tries once, as permit does.
func (s *adminScript) callPermit(method, path string, body any) ([]byte, error) {
	s.t.Helper()
	text := ""
	if body != nil {
		raw, err := json.Marshal(body)
		if err != nil {
			s.t.Fatal(err)
		}
		text = string(raw)
	}
	status, raw := s.call(s.permit, method, "https://api.permit.example"+path, permittest.DefaultKey, text)
	if status >= http.StatusBadRequest {
		return nil, fmt.Errorf("%s %s: %d %s", method, path, status, raw)
	}
	return raw, nil
}

func (s *adminScript) call(to http.RoundTripper, method, target, token, body string) (status int, raw []byte) {
	s.t.Helper()
	r, err := http.NewRequestWithContext(s.t.Context(), method, target, strings.NewReader(body))
	if err != nil {
		s.t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/json")
	if token != "" {
		r.Header.Set("Authorization", "Bearer "+token)
	}
	resp, err := to.RoundTrip(r)
	if err != nil {
		s.t.Fatal(err)
	}
	if raw, err = io.ReadAll(resp.Body); err != nil {
		s.t.Fatal(err)
	}
	if err := resp.Body.Close(); err != nil {
		s.t.Fatal(err)
	}
	return resp.StatusCode, raw
}

func (s *adminScript) decode(raw []byte, v any) {
	s.t.Helper()
	if err := json.Unmarshal(raw, v); err != nil {
		s.t.Fatalf("%v: %.300s", err, raw)
	}
}

// runAdminScript runs the script in a bubble in which each answer takes latency. It
// returns the error with which the script ends.
func runAdminScript(t *testing.T, f *fakes, latency time.Duration, takeQuotes bool) error {
	t.Helper()
	s := &adminScript{
		t: t, takeQuotes: takeQuotes,
		auth0:  httpapitest.Transport{Handler: delay(latency, f.auth0)},
		permit: httpapitest.Transport{Handler: delay(latency, f.permit)},
	}
	return s.run()
}
