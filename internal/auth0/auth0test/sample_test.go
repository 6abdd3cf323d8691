package auth0test_test

import (
	"encoding/json"
	"regexp"
	"slices"
	"strings"
	"testing"

	"a0permit/internal/auth0/auth0test"
)

func TestSampleIsDeterministic(t *testing.T) {
	t.Parallel()
	for _, n := range []int{0, 1, 5, 300} {
		a, _ := json.Marshal(auth0test.Sample(n))
		b, _ := json.Marshal(auth0test.Sample(n))
		if string(a) != string(b) {
			t.Errorf("Sample(%d) differs from itself", n)
		}
		if got := len(auth0test.Sample(n).Users); got != n {
			t.Errorf("Sample(%d) has %d users", n, got)
		}
	}
}

// Permit accepts everything in a sample.
func TestSampleLoads(t *testing.T) {
	t.Parallel()
	tenant := auth0test.Sample(3000)
	key := regexp.MustCompile(`^[A-Za-z0-9|@+\-\._]+$`)
	mail := regexp.MustCompile(`^[A-Za-z0-9.-]+@[a-z]+\.[a-z.]+$`)
	ids, emails := map[string]bool{}, map[string]bool{}
	for _, u := range tenant.Users {
		email := strings.ToLower(u.Email)
		if !key.MatchString(u.ID) || ids[u.ID] {
			t.Errorf("user id %q is invalid or not unique", u.ID)
		}
		if email != "" && (!mail.MatchString(u.Email) || emails[email]) {
			t.Errorf("email %q is invalid or not unique", u.Email)
		}
		ids[u.ID], emails[email] = true, true
	}
	other := regexp.MustCompile(`[^a-z0-9]+`)
	slugs := map[string]bool{}
	for _, r := range tenant.Roles {
		slug := other.ReplaceAllString(strings.ToLower(r.Name), "-")
		if slugs[slug] || !regexp.MustCompile(`^rol_[A-Za-z0-9]{16}$`).MatchString(r.ID) {
			t.Errorf("role %s %q collides or has a bad id", r.ID, r.Name)
		}
		slugs[slug] = true
		for _, id := range r.Members {
			if !ids[id] {
				t.Errorf("role %q: member %q is no user", r.Name, id)
			}
		}
	}
	for _, c := range tenant.Connections {
		if !regexp.MustCompile(`^con_[A-Za-z0-9]{16}$`).MatchString(c.ID) {
			t.Errorf("connection id %q", c.ID)
		}
	}
	orgID := regexp.MustCompile(`^org_[A-Za-z0-9]{16}$`)
	orgName := regexp.MustCompile(`^[a-z0-9][a-z0-9_-]{0,49}$`)
	for _, o := range tenant.Organizations {
		if !orgID.MatchString(o.ID) || !orgName.MatchString(o.Name) {
			t.Errorf("organization %q %q", o.ID, o.Name)
		}
	}
}

// A sample has every awkward case that it is meant to have.
func TestSampleIsAwkward(t *testing.T) {
	t.Parallel()
	tenant := auth0test.Sample(400)
	held := map[string]int{}
	for _, r := range tenant.Roles {
		for _, id := range r.Members {
			held[id]++
		}
	}
	user := func(f func(auth0test.User) bool) bool { return slices.ContainsFunc(tenant.Users, f) }
	role := func(f func(auth0test.Role) bool) bool { return slices.ContainsFunc(tenant.Roles, f) }
	name := func(part string) bool {
		return user(func(u auth0test.User) bool { return strings.Contains(u.GivenName+"|"+u.FamilyName, part) })
	}
	id := func(form string) bool {
		re := regexp.MustCompile(form)
		return user(func(u auth0test.User) bool { return re.MatchString(u.ID) })
	}
	for what, ok := range map[string]bool{
		"database id":          id(`^auth0\|[0-9a-f]{24}$`),
		"google id":            id(`^google-oauth2\|[0-9]{21}$`),
		"saml id":              id(`^samlp\|acme\|[^|]+@corp\.example$`),
		"sms id":               id(`^sms\|[0-9a-f]{24}$`),
		"O'Neil":               name("O'Neil"),
		"'t Hooft":             name("|'t Hooft"),
		"quotes":               name(`"`),
		"comma":                name(","),
		"newline":              name("\n"),
		"umlaut":               name("ü"),
		"CJK":                  name("山"),
		"emoji":                name("🦊"),
		"right to left":        name("محمد"),
		"formula":              name("=HYPERLINK"),
		"no email":             user(func(u auth0test.User) bool { return u.Email == "" && u.Connection == "sms" }),
		"no names":             user(func(u auth0test.User) bool { return u.Email != "" && u.GivenName+u.FamilyName == "" }),
		"no roles":             user(func(u auth0test.User) bool { return held[u.ID] == 0 }),
		"several roles":        user(func(u auth0test.User) bool { return held[u.ID] > 2 }),
		"blocked":              user(func(u auth0test.User) bool { return u.Blocked }),
		"role with spaces":     role(func(r auth0test.Role) bool { return r.Name == "Support / Tier 2" }),
		"role in French":       role(func(r auth0test.Role) bool { return r.Name == "Administrateur général" }),
		"role nobody holds":    role(func(r auth0test.Role) bool { return len(r.Members) == 0 }),
		"role of over a page":  role(func(r auth0test.Role) bool { return len(r.Members) > 100 }),
		"a dozen roles":        len(tenant.Roles) == 12,
		"organization of over": len(tenant.Organizations[0].Members) > 100,
		"empty organization":   len(tenant.Organizations[2].Members) == 0,
		"member without a role": slices.ContainsFunc(tenant.Organizations[0].Members,
			func(m auth0test.OrgMember) bool { return len(m.Roles) == 0 }),
	} {
		if !ok {
			t.Errorf("the sample has no %s", what)
		}
	}
}
