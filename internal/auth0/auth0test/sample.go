package auth0test

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"time"
)

// The names of a sample's connections.
const (
	databaseConnection = "Username-Password-Authentication"
	googleConnection   = "google-oauth2"
	samlConnection     = "acme"
	smsConnection      = "sms"
)

// Sample returns a realistic tenant with this many users, the same on every call.
// Emails are unique and Permit accepts every user id as a key, so a load rejects
// nothing. Only the names are awkward.
func Sample(users int) Tenant {
	r := rand.New(rand.NewPCG(1997, 4))
	t := Tenant{
		Name: "acme-corp",
		Connections: []Connection{
			{ID: "con_" + randomID(r), Name: databaseConnection, Strategy: "auth0"},
			{ID: "con_" + randomID(r), Name: googleConnection, Strategy: "google-oauth2"},
			{ID: "con_" + randomID(r), Name: samlConnection, Strategy: "samlp"},
			{ID: "con_" + randomID(r), Name: smsConnection, Strategy: "sms"},
		},
	}
	for i := range users {
		t.Users = append(t.Users, sampleUser(r, i))
	}
	t.Roles = sampleRoles(r, t.Users)
	t.Organizations = sampleOrganizations(r, t)
	t.APIs = sampleAPIs()
	for i := range t.Roles {
		t.Roles[i].Permissions = samplePermissions(t.Roles[i].Name)
	}
	return t
}

func sampleUser(r *rand.Rand, i int) User {
	u := User{CreatedAt: sampleTime(r), LoginsCount: r.IntN(400)}
	u.UpdatedAt = u.CreatedAt.Add(time.Duration(r.IntN(90*24)) * time.Hour)
	if u.LoginsCount > 0 {
		u.LastLogin = u.UpdatedAt
		u.LastIP = fmt.Sprintf("192.0.2.%d", 1+r.IntN(254))
	}
	u.Blocked = r.IntN(50) == 0
	connection := sampleConnection(r)
	if i < len(awkwardPeople) {
		p := awkwardPeople[i]
		u.GivenName, u.FamilyName, u.Name = p.given, p.family, p.name
		u.setIdentity(r, i, p.connection, p.mailbox)
	} else {
		given, family := givenNames[r.IntN(len(givenNames))], familyNames[r.IntN(len(familyNames))]
		u.GivenName, u.FamilyName = given, family
		u.setIdentity(r, i, connection, fmt.Sprintf("%s.%s%d", asciiOf(given), asciiOf(family), i))
	}
	if u.Name == "" {
		u.Name = strings.TrimSpace(u.GivenName + " " + u.FamilyName)
		setDefault(&u.Name, u.Email)
	}
	u.Nickname, _, _ = strings.Cut(u.Email, "@")
	u.Picture = "https://s.example.com/avatar/" + pick(r, "0123456789abcdef", 32)
	if i%3 == 0 {
		u.AppMetadata = map[string]any{"plan": []string{"free", "pro", "team"}[r.IntN(3)], "seats": 1 + r.IntN(40)}
	}
	if i%4 == 0 {
		u.UserMetadata = map[string]any{
			"locale":  []string{"en-GB", "de-AT", "fr-CA", "ja-JP"}[r.IntN(4)],
			"consent": map[string]any{"date": "2024-05-25", "newsletter": r.IntN(2) == 0},
		}
	}
	return u
}

// setIdentity sets the connection, an id in that connection's documented form, and an
// email unless mailbox is "".
func (u *User) setIdentity(r *rand.Rand, i int, connection, mailbox string) {
	u.Connection = connection
	switch connection {
	case databaseConnection:
		u.ID = "auth0|" + pick(r, "0123456789abcdef", 24)
		u.EmailVerified = r.IntN(10) > 0
		if mailbox == "" {
			u.Username = fmt.Sprintf("user%d", i)
			break
		}
		u.Email = strings.ToLower(mailbox) + "@example.com" // Auth0 lower-cases emails in its own databases only
	case googleConnection:
		u.ID = "google-oauth2|1" + pick(r, "0123456789", 20)
		u.EmailVerified = true
		u.Email = strings.ToLower(mailbox) + "@mail.example"
	case samlConnection:
		u.Email = mailbox + "@corp.example"
		u.ID = "samlp|" + samlConnection + "|" + u.Email
	case smsConnection:
		u.ID = "sms|" + pick(r, "0123456789abcdef", 24)
		u.GivenName, u.FamilyName = "", ""
		u.PhoneNumber = fmt.Sprintf("+1425%07d", i)
		u.Name = u.PhoneNumber
	}
}

func sampleConnection(r *rand.Rand) string {
	switch n := r.IntN(100); {
	case n < 60:
		return databaseConnection
	case n < 80:
		return googleConnection
	case n < 95:
		return samlConnection
	}
	return smsConnection
}

// sampleTime returns a time in the seven years before 2026.
func sampleTime(r *rand.Rand) time.Time {
	begin := time.Date(2019, 1, 1, 0, 0, 0, 0, time.UTC)
	return begin.Add(time.Duration(r.Int64N(7*365*24*3600*1000)) * time.Millisecond)
}

// sampleRoles returns roles with overlapping members: some users have several roles,
// and every tenth user has none.
func sampleRoles(r *rand.Rand, users []User) []Role {
	roles := make([]Role, len(roleKinds))
	for i, k := range roleKinds {
		roles[i] = Role{ID: "rol_" + randomID(r), Name: k.name, Description: k.description}
	}
	for i := range users {
		if i%10 == 3 {
			continue
		}
		for j, k := range roleKinds {
			if r.IntN(1000) < k.perMille || k.perMille > 0 && i == 1 && j < 4 {
				roles[j].Members = append(roles[j].Members, users[i].ID)
			}
		}
	}
	return roles
}

// sampleOrganizations returns a large, a small and an empty organization. Members have
// up to two roles there.
func sampleOrganizations(r *rand.Rand, t Tenant) []Organization {
	orgs := []Organization{
		{ID: "org_" + randomID(r), Name: "acme", DisplayName: "Acme Inc"},
		{ID: "org_" + randomID(r), Name: "globex-2", DisplayName: "Globex, \"the\" Corporation"},
		{ID: "org_" + randomID(r), Name: "initech"},
	}
	for i := range t.Users {
		if i%2 == 0 {
			orgs[0].Members = append(orgs[0].Members, sampleMember(r, t, i))
		}
		if i%7 == 0 {
			orgs[1].Members = append(orgs[1].Members, sampleMember(r, t, i))
		}
	}
	return orgs
}

func sampleMember(r *rand.Rand, t Tenant, i int) OrgMember {
	m := OrgMember{UserID: t.Users[i].ID}
	first := r.IntN(len(t.Roles) - 1)
	for j := range r.IntN(3) {
		m.Roles = append(m.Roles, t.Roles[first+j].ID)
	}
	return m
}
