package auth0test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"time"
)

// Tenant is the content of the fake.
type Tenant struct {
	Name          string // part of the file name of an export; "" means tenant
	Users         []User
	Roles         []Role
	Connections   []Connection
	Organizations []Organization
	APIs          []API
	Groups        []Group
}

// User is a user profile. An empty string or a zero time means an absent attribute.
type User struct {
	ID            string // provider|id, or provider|connection|id
	Email         string
	EmailVerified bool // sent only for users with an email
	GivenName     string
	FamilyName    string
	Name          string
	Nickname      string
	Username      string
	PhoneNumber   string
	Picture       string
	Connection    string // name of the connection of the primary identity
	Linked        []Identity
	Blocked       bool
	LoginsCount   int
	LastIP        string
	CreatedAt     time.Time
	UpdatedAt     time.Time
	LastLogin     time.Time
	UserMetadata  map[string]any
	AppMetadata   map[string]any
	Permissions   []Permission // granted directly
}

// Identity is an account of a user: the primary one, or one linked to it.
type Identity struct {
	Provider   string `json:"provider"`
	Connection string `json:"connection"`
	UserID     string `json:"user_id"` // without the provider
	IsSocial   bool   `json:"isSocial"`
}

// Role is a role of the tenant or of one organization.
type Role struct {
	ID          string
	Name        string
	Description string
	Type        string   // "tenant" or "organization"; "" leaves the field out
	Owner       string   // the organization's id
	Members     []string // user ids
	Permissions []Permission
}

// Connection is a source of users.
type Connection struct{ ID, Name, Strategy string }

// Organization is a customer of the tenant's owner.
type Organization struct {
	ID          string
	Name        string
	DisplayName string
	Members     []OrgMember
}

// OrgMember is a user's membership, with the user's roles there.
type OrgMember struct {
	UserID string
	Roles  []string // role ids
}

func (t Tenant) clone() Tenant {
	t.Users = slices.Clone(t.Users)
	for i := range t.Users {
		u := &t.Users[i]
		u.Linked = slices.Clone(u.Linked)
		u.Permissions = slices.Clone(u.Permissions)
		u.UserMetadata = cloneJSON(u.UserMetadata)
		u.AppMetadata = cloneJSON(u.AppMetadata)
	}
	t.Roles = slices.Clone(t.Roles)
	for i := range t.Roles {
		t.Roles[i].Members = slices.Clone(t.Roles[i].Members)
		t.Roles[i].Permissions = slices.Clone(t.Roles[i].Permissions)
	}
	t.APIs = slices.Clone(t.APIs)
	for i := range t.APIs {
		t.APIs[i].Scopes = slices.Clone(t.APIs[i].Scopes)
	}
	t.Groups = slices.Clone(t.Groups)
	for i := range t.Groups {
		t.Groups[i].Members, t.Groups[i].Roles = slices.Clone(t.Groups[i].Members), slices.Clone(t.Groups[i].Roles)
	}
	t.Connections = slices.Clone(t.Connections)
	t.Organizations = slices.Clone(t.Organizations)
	for i := range t.Organizations {
		o := &t.Organizations[i]
		o.Members = slices.Clone(o.Members)
		for j := range o.Members {
			o.Members[j].Roles = slices.Clone(o.Members[j].Roles)
		}
	}
	return t
}

// cloneJSON returns a copy with the types of decoded JSON. Numbers are json.Number,
// which keeps them as they were written.
func cloneJSON(m map[string]any) map[string]any {
	if m == nil {
		return nil
	}
	b, err := json.Marshal(m)
	if err != nil {
		panic(fmt.Sprintf("auth0test: metadata is no JSON: %v", err))
	}
	dec := json.NewDecoder(bytes.NewReader(b))
	dec.UseNumber()
	var out map[string]any
	if err := dec.Decode(&out); err != nil {
		panic(fmt.Sprintf("auth0test: metadata is no JSON object: %v", err))
	}
	return out
}
