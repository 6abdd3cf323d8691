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

// overlay returns what Permit's user is to be written as.
func (d *Desired) overlay(want, have *record.User) (write record.User, same bool) {
	if d.rules.ReplaceAttributes {
		return Replace(want, have)
	}
	return Overlay(want, have)
}

// Overlay returns what Permit's user must be written as to become what the line
// says, and whether it is that already. What the line does not name is left as
// it is: Permit replaces a user whole, so the rest has to be sent along.
func Overlay(want, have *record.User) (write record.User, same bool) {
	write = *have
	write.Type, write.RoleAssignments = "", nil
	same = true
	if want.Email != "" && !SameEmail(want.Email, have.Email) {
		write.Email, same = want.Email, false
	}
	if want.FirstName != "" && want.FirstName != have.FirstName {
		write.FirstName, same = want.FirstName, false
	}
	if want.LastName != "" && want.LastName != have.LastName {
		write.LastName, same = want.LastName, false
	}
	added := map[string]any{}
	for name, value := range want.Attributes {
		if !equal(value, have.Attributes[name]) {
			added[name] = value
		}
	}
	if len(added) > 0 {
		write.Attributes, same = map[string]any{}, false
		maps.Copy(write.Attributes, have.Attributes)
		maps.Copy(write.Attributes, added)
	}
	return write, same
}

// Replace does what Overlay does for those whose input is the only source of
// attributes: a line that names any names all.
func Replace(want, have *record.User) (write record.User, same bool) {
	write, same = Overlay(want, have)
	if want.Attributes != nil && !equal(want.Attributes, have.Attributes) {
		write.Attributes, same = want.Attributes, false
	}
	return write, same
}

// SameEmail reports whether two emails are one to Permit, which ignores case.
func SameEmail(a, b string) bool { return FoldEmail(a) == FoldEmail(b) }

// FoldEmail returns the one form that the same emails share.
func FoldEmail(s string) string { return strings.ToLower(s) }

// equal reports whether two JSON values are the same: absent, null, "" and {}
// are, and numbers are compared by value.
func equal(a, b any) bool { return reflect.DeepEqual(normalize(a), normalize(b)) }

// number is a JSON number in its one form.
type number string

// normalize returns a JSON value in the one form that all equal values share.
func normalize(v any) any {
	if isNothing(v) {
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
			if !isNothing(value) {
				fields[name] = normalize(value)
			}
		}
		return fields
	}
	return v
}

// isNothing reports whether a JSON value is null, "" or {}.
func isNothing(v any) bool {
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

// decimal returns a number in the one form that all equal numbers share: digits
// without zeros at either end, and a power of ten. Nothing is computed, since
// an exponent of millions would be a number of megabytes; one of a thousand digits
// is left as it is written. For what is no number it returns "".
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
		return text // it is its own form
	}
	short := strings.TrimRight(digits, "0")
	exponent.Add(exponent, big.NewInt(int64(len(digits)-len(short)-len(fraction))))
	if negative {
		short = "-" + short
	}
	return short + "e" + exponent.String()
}
