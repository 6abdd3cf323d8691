package permittest

import (
	"slices"
	"strings"
	"unicode"
)

// specialUse lists the domains that email-validator refuses since version 1.2, without
// those that no user would have. Which version Permit runs is unverified.
var specialUse = []string{"arpa", "invalid", "local", "localhost", "onion", "test"}

// isEmail reports whether email-validator, which is behind pydantic's EmailStr,
// accepts the text: a dot-atom of at most 64 bytes, @, and a domain with a dot
// in it. It refuses quoted local parts, address literals and display names, and
// accepts letters beyond ASCII.
func isEmail(s string, strict bool) bool {
	local, domain, ok := strings.Cut(s, "@")
	if !ok || len(local) > 64 || len(domain) > 253 || len(s) > 254 || !strings.Contains(domain, ".") {
		return false
	}
	for atom := range strings.SplitSeq(local, ".") {
		if atom == "" || strings.ContainsFunc(atom, func(r rune) bool { return !isAtomRune(r) }) {
			return false
		}
	}
	labels := strings.Split(domain, ".")
	for _, label := range labels {
		if label == "" || len(label) > 63 || label[0] == '-' || label[len(label)-1] == '-' ||
			strings.ContainsFunc(label, func(r rune) bool { return r != '-' && !isLetterOrDigit(r) }) {
			return false
		}
	}
	top := labels[len(labels)-1]
	if !strings.ContainsFunc(top, unicode.IsLetter) {
		return false
	}
	return !strict || !slices.Contains(specialUse, strings.ToLower(top))
}

func isAtomRune(r rune) bool {
	return isLetterOrDigit(r) || strings.ContainsRune("!#$%&'*+-/=?^_`{|}~", r)
}

func isLetterOrDigit(r rune) bool {
	return unicode.IsLetter(r) || unicode.IsDigit(r) || unicode.IsMark(r)
}
