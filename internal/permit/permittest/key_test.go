package permittest_test

import (
	"regexp"
	"strings"
	"testing"

	. "a0permit/internal/permit/permittest"
)

func TestKey(t *testing.T) {
	t.Parallel()
	runScenes(t, []scene{
		{name: "own key", o: Options{Key: "permit_key_mine"}, steps: []step{{call: "GET /v2/api-key/scope", status: 200}}},
		{name: "environment", steps: []step{
			{call: "GET /v2/api-key/scope", status: 200, all: []string{OrganizationID, ProjectID, EnvironmentID}},
			{call: "GET /v2/facts/other/dev/users", status: 403, all: []string{"FORBIDDEN_ACCESS"}},
			{call: "GET /v2/facts/default/other/users", status: 403, all: []string{"FORBIDDEN_ACCESS"}},
			{call: "GET /v2/facts/" + ProjectID + "/" + EnvironmentID + "/users", status: 200},
			{call: "GET /v2/schema/" + ProjectID + "/dev/roles", status: 200},
			{call: "PUT /v2/facts/other/dev/bulk/users", body: `{"x":1}`, status: 403}, // before the body is checked
		}},
		{name: "project", o: Options{KeyLevel: LevelProject}, steps: []step{
			{call: "GET /v2/api-key/scope", status: 200, all: []string{ProjectID, `"environment_id":null`}},
			{call: "GET /v2/facts/default/other/users", status: 404, all: []string{"'Environment'"}},
			{call: "GET /v2/facts/other/dev/users", status: 403},
			{call: "GET F/users", status: 200},
		}},
		{name: "organization", o: Options{KeyLevel: LevelOrganization}, steps: []step{
			{
				call: "GET /v2/api-key/scope", status: 200,
				all: []string{OrganizationID, `"project_id":null`, `"environment_id":null`},
			},
			{call: "GET /v2/facts/other/dev/users", status: 404, all: []string{"'Project'"}},
		}},
		{name: "left out", o: Options{KeyLevel: LevelOrganization, LeaveOut: true}, steps: []step{
			{
				call: "GET /v2/api-key/scope", status: 200, all: []string{OrganizationID},
				none: []string{"project_id", "environment_id"},
			},
		}},
		{name: "plain 403", o: Options{PlainDetail: true}, steps: []step{
			{call: "GET /v2/facts/other/dev/users", status: 403, all: []string{`{"detail":"`}, none: []string{"error_code"}},
			{call: "GET F/users/nobody", status: 404, all: []string{"error_code"}},
		}},
	})
}

func TestProjects(t *testing.T) {
	t.Parallel()
	environment := []string{`"key":"dev"`, EnvironmentID, ProjectID, `"name":"` + EnvironmentName + `"`}
	runScenes(t, []scene{
		{name: "read", steps: []step{
			{call: "GET /v2/projects", status: 200, all: []string{`[{"key":"default"`, ProjectID, ProjectName}},
			{call: "GET /v2/projects/default", status: 200, all: []string{`{"key":"default"`}, none: []string{"project_id"}},
			{call: "GET /v2/projects/" + ProjectID + "/envs", status: 200, all: append([]string{"[{"}, environment...)},
			{call: "GET /v2/projects/default/envs/" + EnvironmentID, status: 200, all: environment},
			{call: "GET /v2/projects/other", status: 403},
			{call: "GET /v2/projects/default/envs/other", status: 403},
			{call: "GET /v2/projects?per_page=101", status: 422},
		}},
		{name: "of a key that may see more", o: Options{KeyLevel: LevelOrganization}, steps: []step{
			{call: "GET /v2/projects/other", status: 404, all: []string{"'Project'"}},
			{call: "GET /v2/projects/default/envs/other", status: 404, all: []string{"'Environment'"}},
		}},
		{name: "hidden", o: Options{HideNames: true}, steps: []step{
			{call: "GET /v2/projects", status: 403, all: []string{"FORBIDDEN_ACCESS"}},
			{call: "GET /v2/projects/default", status: 403},
			{call: "GET /v2/projects/default/envs", status: 403},
			{call: "GET /v2/projects/default/envs/dev", status: 403},
			{call: "GET S/roles", status: 200},
		}},
	})
}

// Permit's command line accepts keys of 97 characters or more.
func TestDefaultKeyIsLikeARealOne(t *testing.T) {
	t.Parallel()
	if !regexp.MustCompile(`^permit_key_[A-Za-z0-9]{86}$`).MatchString(DefaultKey) {
		t.Errorf("%q, %d characters", DefaultKey, len(DefaultKey))
	}
}

func TestUnauthorized(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		header string
		status int
	}{
		{"", 401},
		{"Bearer wrong", 401},
		{"Bearer ", 401},
		{"Basic " + DefaultKey, 401},
		{DefaultKey, 401},
		{"Bearer " + DefaultKey, 200},
		{"bearer " + DefaultKey, 200},
	} {
		s := New(Options{})
		r := send(t, s, "GET /v2/api-key/scope", "", "Authorization", tc.header)
		if r.status != tc.status {
			t.Errorf("%q: status %d, want %d", tc.header, r.status, tc.status)
		}
		if r.status == 401 && !strings.Contains(r.raw, `"error_code":"UNAUTHORIZED"`) {
			t.Errorf("%q: %s", tc.header, r.raw)
		}
	}
	r := send(t, New(Options{PlainDetail: true}), "GET /v2/api-key/scope", "")
	if r.status != 401 || !strings.HasPrefix(r.raw, `{"detail":"`) {
		t.Errorf("plain: %d %s", r.status, r.raw)
	}
}
