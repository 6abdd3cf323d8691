package auth0test_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strconv"
	"strings"
	"testing"
	"time"

	"a0permit/internal/auth0/auth0test"
)

const (
	conID  = "con_AAAAAAAAAAAAAAAA"
	roleID = "rol_AAAAAAAAAAAAAAAA"
	orgID  = "org_AAAAAAAAAAAAAAAA"
	host   = "tenant.example"
)

// answer is an answer of the fake.
type answer struct {
	Status int
	Header http.Header
	Body   string
}

func (a answer) object(t *testing.T) map[string]any {
	t.Helper()
	var m map[string]any
	if err := json.Unmarshal([]byte(a.Body), &m); err != nil {
		t.Fatalf("answer %d %q is no object: %v", a.Status, a.Body, err)
	}
	return m
}

// send returns the answer to a call. header lists names and values in turn; an empty
// value removes a header.
func send(h http.Handler, method, target, body string, header ...string) answer {
	r := httptest.NewRequestWithContext(context.Background(), method, target, strings.NewReader(body))
	r.Host = host
	r.Header.Set("Authorization", "Bearer "+auth0test.DefaultToken)
	if body != "" {
		r.Header.Set("Content-Type", "application/json")
	}
	for i := 0; i < len(header); i += 2 {
		r.Header.Del(header[i])
		if header[i+1] != "" {
			r.Header.Set(header[i], header[i+1])
		}
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return answer{Status: w.Code, Header: w.Result().Header, Body: w.Body.String()}
}

func get(h http.Handler, path string) answer {
	return send(h, http.MethodGet, "/api/v2/"+path, "")
}

// createJob starts a job with this body and returns its id.
func createJob(t *testing.T, h http.Handler, body string) string {
	t.Helper()
	a := send(h, http.MethodPost, "/api/v2/jobs/users-exports", body)
	id, _ := a.object(t)["id"].(string)
	if a.Status != http.StatusOK || id == "" {
		t.Fatalf("create job: %d %s", a.Status, a.Body)
	}
	return id
}

// location polls a job until it has a download link, and returns the link.
func location(t *testing.T, h http.Handler, id string) string {
	t.Helper()
	for range 10 {
		if at, ok := get(h, "jobs/"+id).object(t)["location"].(string); ok {
			return at
		}
	}
	t.Fatal("job never completed")
	return ""
}

func download(h http.Handler, at string, header ...string) answer {
	return send(h, http.MethodGet, at, "", append([]string{"Authorization", ""}, header...)...)
}

// exportFile runs an export job with this body and returns its file, unpacked.
func exportFile(t *testing.T, h http.Handler, body string) string {
	t.Helper()
	return gunzip(t, download(h, location(t, h, createJob(t, h, body))).Body)
}

func gunzip(t *testing.T, s string) string {
	t.Helper()
	zr, err := gzip.NewReader(strings.NewReader(s))
	if err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	if _, err := io.Copy(&b, zr); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// newTenant returns a tenant with n users. All have the same role, and all are members
// of the same organization, with that role there.
func newTenant(n int) auth0test.Tenant {
	t := auth0test.Tenant{
		Name:          "crowd",
		Roles:         []auth0test.Role{{ID: roleID, Name: "Admin", Description: "All"}},
		Connections:   []auth0test.Connection{{ID: conID, Name: "db", Strategy: "auth0"}},
		Organizations: []auth0test.Organization{{ID: orgID, Name: "acme", DisplayName: "Acme"}},
	}
	for i := range n {
		u := auth0test.User{
			ID: fmt.Sprintf("auth0|%05d", i), Email: fmt.Sprintf("u%d@example.com", i), Name: fmt.Sprintf("User %d", i),
			Picture: "https://s.example.com/p.png", Connection: "db",
			CreatedAt: time.Date(2020, 1, 1, 0, i, 0, 0, time.UTC),
		}
		t.Users = append(t.Users, u)
		t.Roles[0].Members = append(t.Roles[0].Members, u.ID)
		t.Organizations[0].Members = append(t.Organizations[0].Members,
			auth0test.OrgMember{UserID: u.ID, Roles: []string{roleID}})
	}
	return t
}

// walkPages reads a list to its end by checkpoint. It returns the size of each page and
// the keys of all rows.
func walkPages(t *testing.T, h http.Handler, path, rows, key string, take int) (sizes []int, keys []string) {
	t.Helper()
	target := fmt.Sprintf("%s?take=%d", path, take)
	for range 1000 {
		a := get(h, target)
		if a.Status != http.StatusOK {
			t.Fatalf("GET %s: %d %s", target, a.Status, a.Body)
		}
		m := a.object(t)
		page, ok := m[rows].([]any)
		if !ok {
			t.Fatalf("GET %s: no array %s in %s", target, rows, a.Body)
		}
		sizes = append(sizes, len(page))
		for _, row := range page {
			keys = append(keys, row.(map[string]any)[key].(string))
		}
		next, more := m["next"].(string)
		if !more {
			return sizes, keys
		}
		target = fmt.Sprintf("%s?take=%d&from=%s", path, take, url.QueryEscape(next))
	}
	t.Fatal("checkpoints never end")
	return nil, nil
}

// pageShape returns the number of rows in a page. If the page has an envelope, its
// start, limit and total follow.
func pageShape(t *testing.T, body string) string {
	t.Helper()
	var bare []any
	if json.Unmarshal([]byte(body), &bare) == nil {
		if bare == nil {
			t.Errorf("body %s, want an array", body)
		}
		return strconv.Itoa(len(bare))
	}
	var m map[string]any
	if err := json.Unmarshal([]byte(body), &m); err != nil {
		t.Fatal(err)
	}
	for _, v := range m {
		if rows, ok := v.([]any); ok {
			return fmt.Sprint(len(rows), m["start"], m["limit"], m["total"])
		}
	}
	return body
}
