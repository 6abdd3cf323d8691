package permit_test

import (
	"net/http"
	"testing"

	"a0permit/internal/permit"
	"a0permit/internal/permit/permittest"
)

func TestScope(t *testing.T) {
	t.Parallel()
	whole := permit.Scope{
		Organization: permittest.OrganizationID, Project: permittest.ProjectID, Environment: permittest.EnvironmentID,
	}
	for _, leaveOut := range []bool{false, true} {
		for level, want := range map[permittest.Level]permit.Scope{
			permittest.LevelEnvironment:  whole,
			permittest.LevelProject:      {Organization: whole.Organization, Project: whole.Project},
			permittest.LevelOrganization: {Organization: whole.Organization},
		} {
			got, err := newClient(permittest.New(permittest.Options{KeyLevel: level, LeaveOut: leaveOut})).Scope(t.Context())
			if err != nil || got != want {
				t.Errorf("level %d, left out %v: %+v, %v", level, leaveOut, got, err)
			}
		}
	}
	_, err := newClient(permittest.New(permittest.Options{Key: "another"})).Scope(t.Context())
	if permit.Status(err) != http.StatusUnauthorized {
		t.Errorf("a wrong key: %v", err)
	}
}
