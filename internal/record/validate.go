package record

import (
	"errors"
	"fmt"
	"net/mail"
	"strings"
)

// ErrNoKey is the fault of a line, or of a row, without a key.
var ErrNoKey = errors.New("no key")

// Validate reports the first rule of Permit's that the user breaks.
func (u *User) Validate() error {
	if err := UserKey(u.Key); err != nil {
		return err
	}
	if u.Email != "" && !ValidEmail(u.Email) {
		return errors.New("email: not an address Permit takes")
	}
	for i, a := range u.RoleAssignments {
		if err := a.validate(); err != nil {
			return fmt.Errorf("role_assignments[%d]: %w", i, err)
		}
	}
	return nil
}

func (a RoleAssignment) validate() error {
	if err := RoleKey(a.Role); err != nil {
		return err
	}
	if a.Tenant == "" {
		return nil
	}
	return TenantKey(a.Tenant)
}

// Validate reports the first rule of Permit's that the role breaks.
func (r *Role) Validate() error { return RoleKey(r.Key) }

// Validate reports the first rule of Permit's that the tenant breaks.
func (t *Tenant) Validate() error { return TenantKey(t.Key) }

// UserKey holds a key to Permit's pattern for users, ^[A-Za-z0-9|@+\-._]+$
// (Permit's OpenAPI, UserCreate.key).
func UserKey(key string) error {
	return checkKey("user key", key, "letters, digits and | @ + - . _", userKeyByte)
}

// RoleKey holds a key to Permit's pattern for roles, ^[A-Za-z0-9\-_]+$
// (Permit's OpenAPI, RoleCreate.key).
func RoleKey(key string) error {
	return checkKey("role key", key, "letters, digits, - and _", slugByte)
}

// TenantKey holds a key to Permit's pattern for tenants, the same as for roles
// (Permit's OpenAPI, TenantCreate.key).
func TenantKey(key string) error {
	return checkKey("tenant key", key, "letters, digits, - and _", slugByte)
}

// Tables and not a regexp: a0tojsonl asks this of every row.
func checkKey(what, key, takes string, ok *[256]bool) error {
	if key == "" {
		return ErrNoKey
	}
	for i := range len(key) {
		if !ok[key[i]] {
			return fmt.Errorf("%s: Permit takes only %s", what, takes)
		}
	}
	return nil
}

var (
	slugByte    = takes("-_")
	userKeyByte = takes("-_|@+.")
)

// takes is the letters, the digits and the signs.
func takes(signs string) *[256]bool {
	var ok [256]bool
	for c := range 256 {
		ok[c] = c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || strings.IndexByte(signs, byte(c)) >= 0
	}
	return &ok
}

// ValidEmail reports whether Permit would take s as an email. Permit checks
// with pydantic's EmailStr: a bare address, no display name, no quoted local
// part, a domain with a dot and no address literal. It is never stricter than
// the server is known to be, since a refusal there is still one record's only.
func ValidEmail(s string) bool {
	local, domain, ok := strings.Cut(s, "@")
	if !ok || len(local) > 64 || !strings.Contains(domain, ".") || strings.ContainsAny(domain, "[@") {
		return false
	}
	a, err := mail.ParseAddress(s)
	return err == nil && a.Name == "" && a.Address == s
}
