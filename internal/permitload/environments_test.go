package permitload

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"a0permit/internal/permit/permittest"
)

// environments returns the possible answers to what nobody outside Permit knows. Each
// differs from the strictest in one point, the last ones in all.
func environments() map[string]permittest.Options {
	const (
		lag      = 20 * time.Second
		tooLarge = http.StatusRequestEntityTooLarge
		invalid  = http.StatusUnprocessableEntity
		notFound = http.StatusNotFound
	)
	small := permittest.Caps{Users: 7, Tenants: 2, Assignments: 7, Roles: 2}
	lenient := permittest.Options{
		AssignedPair: permittest.Skip, ExistingTenant: http.StatusOK, UnknownIdent: notFound, UnknownFilter: notFound,
		UnknownRole: invalid, MissingTenant: http.StatusBadRequest, DuplicateEmail: invalid,
		PutOmitted: permittest.Keep, PutRoleOmitted: permittest.Keep, PutAssignments: permittest.Replace,
		LowerEmails: true, Envelopes: true, LeaveOut: true, BareIDs: true, PlainDetail: true, WideClasses: true,
		SerialBulk: http.StatusConflict,
	}
	late := lenient
	late.Lag, late.AssignmentLag = lag, lag
	return map[string]permittest.Options{
		"strict":                 {},
		"assigned pairs skipped": {AssignedPair: permittest.Skip},
		"late users":             {Lag: lag},
		"late assignments":       {AssignmentLag: lag},
		"late both":              {Lag: lag, AssignmentLag: lag},
		"PUT keeps fields":       {PutOmitted: permittest.Keep},
		"PUT replaces roles":     {PutAssignments: permittest.Replace},
		"PUT clears roles":       {PutAssignments: permittest.Clear},
		"PUT clears roles, late": {PutAssignments: permittest.Clear, Lag: lag},
		"PUT clears roles, small": {
			PutAssignments: permittest.Clear, Caps: permittest.Caps{Users: 7, Assignments: 7}, Oversize: tooLarge,
		},
		"PUT keeps roles' fields": {PutRoleOmitted: permittest.Keep},
		"tenants as they are":     {ExistingTenant: http.StatusOK},
		"unknown filters":         {UnknownFilter: notFound},
		"unknown filters, late":   {UnknownFilter: notFound, Lag: lag},
		"unknown roles by 422":    {UnknownRole: invalid},
		"emails in lower case":    {LowerEmails: true},
		"envelopes":               {Envelopes: true},
		"absent is left out":      {LeaveOut: true},
		"null is refused":         {RefuseNull: true},
		"ids without dashes":      {BareIDs: true},
		"wide classes":            {WideClasses: true},
		"one bulk call at a time": {SerialBulk: http.StatusLocked},
		"no limits":               {Unlimited: true},
		"small, by 413":           {Caps: small, Oversize: tooLarge},
		"small, by 422":           {Caps: small, Oversize: invalid},
		"small, late": {
			Caps: permittest.Caps{Users: 10, Assignments: 10}, Oversize: tooLarge, Lag: lag, AssignmentLag: lag,
		},
		"small bodies":     {MaxBody: 2000},
		"lenient":          lenient,
		"lenient and late": late,
	}
}

// All that the input asks for is created in an empty environment.
func TestEachEnvironmentFromNothing(t *testing.T) {
	t.Parallel()
	want := usersWithRoles(24)
	want.Tenants = fourTenants()
	for i := range want.Assignments {
		if i%3 == 0 {
			want.Assignments[i].Tenant = "org_1"
		}
	}
	// In the order of a State.
	srv := permittest.New(permittest.Options{})
	srv.Seed(want)
	want = srv.State()
	input := linesFor(want)
	for name, o := range environments() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				srv := permittest.New(o)
				wantLoaded(t, srv, input, want)
				if srv.Refused() > 0 {
					t.Errorf("%d answers of 429", srv.Refused())
				}
			})
		})
	}
}

// What Permit has beyond the input stays, and what differs becomes what the line says.
func TestEachEnvironmentFromHalf(t *testing.T) {
	t.Parallel()
	full := usersWithRoles(24)
	before := permittest.State{Roles: full.Roles[:2]}
	before.Roles[0].Name = "Chief"
	want := permittest.State{Roles: full.Roles, Tenants: full.Tenants, Assignments: full.Assignments}
	for i, u := range full.Users {
		after := u
		after.Attributes = map[string]any{"provider": "google-oauth2"}
		switch i % 4 {
		case 0: // new
		case 1: // the same, but for the case of the email
			u.Attributes = map[string]any{"provider": "google-oauth2", "seen": 1e3}
			u.Email = strings.ToUpper(u.Email)
			after.Email, after.Attributes["seen"] = u.Email, 1e3
			before.Users = append(before.Users, u)
		case 2: // different, with more than the line has
			u.FirstName, u.LastName = "Anne", "Lee"
			u.Attributes = map[string]any{"provider": "db", "app": map[string]any{"theme": "dark"}}
			after.LastName, after.Attributes["app"] = "Lee", map[string]any{"theme": "dark"}
			if u.Email == "" {
				u.Email = fmt.Sprintf("old%d@acme.example", i)
				after.Email = u.Email
			}
			before.Users = append(before.Users, u)
		case 3: // only the key
			before.Users = append(before.Users, permittest.User{Key: u.Key})
		}
		want.Users = append(want.Users, after)
	}
	for i, a := range full.Assignments {
		if a.Role != "billing-viewer" && i%5 == 0 && a.User[len(a.User)-1]%4 != 0 {
			before.Assignments = append(before.Assignments, a)
		}
	}
	zoe := permittest.User{Key: "zoe", Email: "zoe@acme.example"}
	zoesRole := permittest.Assignment{User: "zoe", Role: "Admin", Tenant: "default"}
	before.Users, want.Users = append(before.Users, zoe), append(want.Users, zoe)
	before.Assignments = append(before.Assignments, zoesRole)
	want.Assignments = append(want.Assignments, zoesRole)
	input := linesFor(full)
	for name, o := range environments() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				srv := permittest.New(o)
				srv.Seed(before)
				wantLoaded(t, srv, input, want)
				if srv.Refused() > 0 {
					t.Errorf("%d answers of 429", srv.Refused())
				}
			})
		})
	}
}
