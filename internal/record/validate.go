package record

import (
	"errors"
	"fmt"
	"net/mail"
	"strings"
)

// ErrNoKey is returned for a record without a key.
var ErrNoKey = errors.New("the key is missing")

// Validate returns an error if the user breaks one of Permit's rules.
func (u *User) Validate() error {
	if err := UserKey(u.Key); err != nil {
		return err
	}
	if u.Email != "" && !ValidEmail(u.Email) {
		return errors.New("email: not an email address that Permit accepts")
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

// Validate returns an error if the role breaks one of Permit's rules.
func (r *Role) Validate() error {
	if err := RoleKey(r.Key); err != nil {
		return err
	}
	for _, permission := range r.Permissions {
		if _, _, err := SplitPermission(permission); err != nil {
			return err
		}
	}
	return nil
}

// Validate returns an error if the tenant breaks one of Permit's rules.
func (t *Tenant) Validate() error { return TenantKey(t.Key) }

// UserKey returns an error for a key that does not match Permit's pattern for
// users, ^[A-Za-z0-9|@+\-._]+$ (Permit's OpenAPI, UserCreate.key).
func UserKey(key string) error {
	return checkKey("user key", key, "letters, digits and | @ + - . _", userKeyBytes)
}

// RoleKey returns an error for a key that does not match Permit's pattern for
// roles, ^[A-Za-z0-9\-_]+$ (Permit's OpenAPI, RoleCreate.key).
func RoleKey(key string) error {
	return checkKey("role key", key, "letters, digits, - and _", slugBytes)
}

// TenantKey returns an error for a key that does not match Permit's pattern for
// tenants, which is the same as for roles (Permit's OpenAPI, TenantCreate.key).
func TenantKey(key string) error {
	return checkKey("tenant key", key, "letters, digits, - and _", slugBytes)
}

// checkKey looks bytes up in a table: a regexp would be too slow, since a0tojsonl calls
// it for every row.
func checkKey(what, key, bytesInWords string, allowed *byteSet) error {
	if key == "" {
		return ErrNoKey
	}
	for i := range len(key) {
		if !allowed[key[i]] {
			return fmt.Errorf("%s: Permit allows only %s", what, bytesInWords)
		}
	}
	return nil
}

type byteSet [256]bool

var (
	slugBytes    = lettersDigitsAnd("-_")
	userKeyBytes = lettersDigitsAnd("-_|@+.")
)

func lettersDigitsAnd(signs string) *byteSet {
	const letters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
	var set byteSet
	for _, c := range []byte(letters + "0123456789" + signs) {
		set[c] = true
	}
	return &set
}

// ValidEmail reports whether Permit is likely to accept s as an email. Permit checks
// with pydantic's EmailStr: a bare address without a display name, no quoted local
// part, a domain with a dot and no address literal. ValidEmail is never stricter than
// Permit is known to be: an email that Permit refuses costs only that record.
func ValidEmail(s string) bool {
	local, domain, ok := strings.Cut(s, "@")
	if !ok || len(local) > 64 || !strings.Contains(domain, ".") || strings.ContainsAny(domain, "[@") {
		return false
	}
	a, err := mail.ParseAddress(s)
	return err == nil && a.Name == "" && a.Address == s
}
