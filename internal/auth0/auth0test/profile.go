package auth0test

import (
	"strconv"
	"strings"
	"time"
)

// iso is a date that Auth0 sets. A CSV export does not escape it, unlike a date in the
// metadata, which is an ordinary string.
type iso string

func isoTime(t time.Time) iso { return iso(t.UTC().Format("2006-01-02T15:04:05.000Z")) }

// rootFields lists the attributes of a profile. docs: user profile structure.
var rootFields = []string{
	"app_metadata", "blocked", "created_at", "email", "email_verified", "family_name", "given_name",
	"identities", "last_ip", "last_login", "logins_count", "name", "nickname", "phone_number", "picture",
	"updated_at", "user_id", "user_metadata", "username",
}

// attribute returns an attribute of the user, or nil if it is absent. There is no
// last_name.
func (u *User) attribute(name string) any {
	switch name {
	case "app_metadata":
		return mapOrNil(u.AppMetadata)
	case "user_metadata":
		return mapOrNil(u.UserMetadata)
	case "blocked":
		if u.Blocked {
			return true
		}
	case "email_verified":
		if u.Email != "" {
			return u.EmailVerified
		}
	case "logins_count":
		if u.LoginsCount > 0 {
			return u.LoginsCount
		}
	case "identities":
		return u.identities()
	case "created_at":
		return dateOrNil(u.CreatedAt)
	case "updated_at":
		return dateOrNil(u.UpdatedAt)
	case "last_login":
		return dateOrNil(u.LastLogin)
	default:
		if s := u.text(name); s != "" {
			return s
		}
	}
	return nil
}

func (u *User) text(name string) string {
	switch name {
	case "user_id":
		return u.ID
	case "email":
		return u.Email
	case "family_name":
		return u.FamilyName
	case "given_name":
		return u.GivenName
	case "last_ip":
		return u.LastIP
	case "name":
		return u.Name
	case "nickname":
		return u.Nickname
	case "phone_number":
		return u.PhoneNumber
	case "picture":
		return u.Picture
	case "username":
		return u.Username
	}
	return ""
}

func dateOrNil(t time.Time) any {
	if t.IsZero() {
		return nil
	}
	return isoTime(t)
}

func mapOrNil(m map[string]any) any {
	if m == nil {
		return nil
	}
	return m
}

// identities returns all identities, the primary one first. docs: user account
// linking.
func (u *User) identities() []any {
	all := append([]Identity{u.primary()}, u.Linked...)
	out := make([]any, len(all))
	for i, id := range all {
		out[i] = map[string]any{
			"provider": id.Provider, "connection": id.Connection, "user_id": id.UserID, "isSocial": id.IsSocial,
		}
	}
	return out
}

func (u *User) primary() Identity {
	provider, id, _ := strings.Cut(u.ID, "|")
	return Identity{Provider: provider, Connection: u.Connection, UserID: id, IsSocial: provider == "google-oauth2"}
}

// hasConnection reports whether the user has an identity on this connection.
func (u *User) hasConnection(connection string) bool {
	if u.Connection == connection {
		return true
	}
	for _, id := range u.Linked {
		if id.Connection == connection {
			return true
		}
	}
	return false
}

func (u *User) profile() map[string]any {
	out := map[string]any{}
	for _, name := range rootFields {
		if v := u.attribute(name); v != nil {
			out[name] = v
		}
	}
	return out
}

// path is a field path such as identities[0].connection, split into string keys and
// int indexes.
type path []any

func parsePath(s string) path {
	var p path
	for part := range strings.SplitSeq(s, ".") {
		key, rest, _ := strings.Cut(part, "[")
		p = append(p, key)
		for rest != "" {
			index, more, ok := strings.Cut(rest, "]")
			n, err := strconv.Atoi(index)
			if !ok || err != nil {
				return path{s} // no attribute has this name, so the column is empty
			}
			p = append(p, n)
			rest = strings.TrimPrefix(more, "[")
		}
	}
	return p
}

// value returns the user's value at the path, or nil if there is none.
func (p path) value(u *User) any {
	name, _ := p[0].(string)
	v := u.attribute(name)
	for _, step := range p[1:] {
		switch step := step.(type) {
		case string:
			object, _ := v.(map[string]any)
			v = object[step]
		case int:
			array, _ := v.([]any)
			if step < 0 || step >= len(array) {
				return nil
			}
			v = array[step]
		}
	}
	return v
}
