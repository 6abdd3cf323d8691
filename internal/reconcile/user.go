package reconcile

import (
	"cmp"
	"encoding/json"
	"maps"
	"math/big"
	"reflect"
	"strconv"
	"strings"

	"a0permit/internal/record"
)

// overlay returns the user to write, by Replace or Overlay as Rules say.
func (d *Desired) overlay(want, have *record.User) (write record.User, same bool) {
	if d.rules.ReplaceAttributes {
		return Replace(want, have)
	}
	return Overlay(want, have)
}

// Overlay returns the user to write so that Permit's user becomes what the line says.
// same is true if it is that already. The line is a JSON Merge Patch (RFC 7396), except
// that an attribute is replaced as a whole. What the line does not name stays: since
// Permit replaces the whole user, the write includes the rest.
func Overlay(want, have *record.User) (write record.User, same bool) {
	write = *have
	write.Type, write.RoleAssignments = "", nil
	same = true
	set := func(field record.Fields, into *string, value string, isEqual bool) {
		isNull := want.Nulls.Has(field)
		if isNull && *into != "" || !isNull && value != "" && !isEqual {
			*into, same = value, false
		}
	}
	set(record.Email, &write.Email, want.Email, SameEmail(want.Email, have.Email))
	set(record.FirstName, &write.FirstName, want.FirstName, want.FirstName == have.FirstName)
	set(record.LastName, &write.LastName, want.LastName, want.LastName == have.LastName)
	if attributes, isChanged := overlayAttributes(want, have.Attributes); isChanged {
		write.Attributes, same = attributes, false
	}
	return write, same
}

// overlayAttributes returns the attributes that a user is to have, and whether they
// differ from those in Permit.
func overlayAttributes(want *record.User, have map[string]any) (attributes map[string]any, isChanged bool) {
	changes := want.Attributes
	if want.Nulls.Has(record.Attributes) {
		changes = map[string]any{}
		for name := range have {
			changes[name] = nil
		}
	}
	for name, value := range changes {
		if equal(value, have[name]) {
			continue
		}
		if !isChanged {
			attributes, isChanged = map[string]any{}, true
			maps.Copy(attributes, have)
		}
		if attributes[name] = value; value == nil {
			delete(attributes, name)
		}
	}
	return attributes, isChanged
}

// Replace is like Overlay, but if a line has attributes, it has all of them: the others
// are removed.
func Replace(want, have *record.User) (write record.User, same bool) {
	write, same = Overlay(want, have)
	if want.Attributes != nil && !equal(want.Attributes, have.Attributes) {
		write.Attributes, same = withoutNulls(want.Attributes), false
	}
	return write, same
}

// withoutNulls returns the attributes of a line without its nulls. A new user has
// nothing that they could clear.
func withoutNulls(attributes map[string]any) map[string]any {
	isNull := func(_ string, value any) bool { return value == nil }
	for name, value := range attributes {
		if isNull(name, value) {
			attributes = maps.Clone(attributes)
			maps.DeleteFunc(attributes, isNull)
			break
		}
	}
	return attributes
}

// Restoring returns the line that turns the user after back into before. It names only
// what differs. A run that replaces attributes names all that were there before, since
// the line may be loaded by such a run.
func (p *Plan) Restoring(before, after *record.User) *record.User {
	u := Restoring(before, after)
	if u.Attributes != nil && p.desired.rules.ReplaceAttributes {
		maps.Copy(u.Attributes, before.Attributes)
	}
	return u
}

// Restoring returns the line that turns the user after back into before. It names only
// what differs.
func Restoring(before, after *record.User) *record.User {
	u := &record.User{Type: record.TypeUser, Key: before.Key}
	set := func(field record.Fields, into *string, old, now string) {
		switch old {
		case now:
		case "":
			u.Nulls |= field
		default:
			*into = old
		}
	}
	set(record.Email, &u.Email, before.Email, after.Email)
	set(record.FirstName, &u.FirstName, before.FirstName, after.FirstName)
	set(record.LastName, &u.LastName, before.LastName, after.LastName)
	for _, names := range []map[string]any{before.Attributes, after.Attributes} {
		for name := range names {
			if equal(before.Attributes[name], after.Attributes[name]) {
				continue
			}
			if u.Attributes == nil {
				u.Attributes = map[string]any{}
			}
			u.Attributes[name] = before.Attributes[name]
		}
	}
	return u
}

// SameEmail reports whether Permit takes two emails for the same. It ignores case.
func SameEmail(a, b string) bool { return FoldEmail(a) == FoldEmail(b) }

// FoldEmail returns the form that all spellings of an email share.
func FoldEmail(s string) string { return strings.ToLower(s) }

// equal reports whether two JSON values are the same. Absent, null, "" and {} are all
// the same, and numbers are compared by value.
func equal(a, b any) bool { return reflect.DeepEqual(normalize(a), normalize(b)) }

// number is a JSON number in normal form.
type number string

// normalize returns the normal form of a JSON value, which all equal values share.
func normalize(v any) any {
	if isEmpty(v) {
		return nil
	}
	switch v := v.(type) {
	case json.Number, float64:
		return number(decimal(v))
	case []any:
		list := make([]any, len(v))
		for i := range v {
			list[i] = normalize(v[i])
		}
		return list
	case map[string]any:
		fields := map[string]any{}
		for name, value := range v {
			if value = normalize(value); value != nil {
				fields[name] = value
			}
		}
		if len(fields) == 0 { // such as {"x":null}
			return nil
		}
		return fields
	}
	return v
}

// isEmpty reports whether a JSON value is null, "" or {}.
func isEmpty(v any) bool {
	switch v := v.(type) {
	case nil:
		return true
	case string:
		return v == ""
	case map[string]any:
		return len(v) == 0
	}
	return false
}

// decimal returns the normal form of a number: digits without leading and trailing
// zeros, and a power of ten. It computes no number, since an exponent of millions would
// take megabytes. A number whose exponent has a thousand digits stays as written.
// decimal returns "" for anything else.
func decimal(v any) string {
	var text string
	switch v := v.(type) {
	case json.Number:
		text = v.String()
	case float64:
		text = strconv.FormatFloat(v, 'g', -1, 64)
	default:
		return ""
	}
	mantissa, power, _ := strings.Cut(strings.ToLower(text), "e")
	digits, negative := strings.CutPrefix(mantissa, "-")
	whole, fraction, _ := strings.Cut(digits, ".")
	digits = strings.TrimLeft(whole+fraction, "0")
	if digits == "" {
		return "0"
	}
	exponent, ok := new(big.Int), len(power) < 1000
	if ok {
		_, ok = exponent.SetString(cmp.Or(power, "0"), 10)
	}
	if !ok {
		return text // too long to normalize
	}
	short := strings.TrimRight(digits, "0")
	exponent.Add(exponent, big.NewInt(int64(len(digits)-len(short)-len(fraction))))
	if negative {
		short = "-" + short
	}
	return short + "e" + exponent.String()
}
