package convert_test

import (
	"strings"
	"testing"
	"unicode/utf8"

	"a0permit/internal/convert"
	"a0permit/internal/record"
)

// emailFault returns the fault of a user with this email.
func emailFault(t *testing.T, email string) *convert.Fault {
	t.Helper()
	_, fault := newConverter(t, convert.Options{}).convertUser(&convert.UserRow{UserID: "u", Email: email})
	return fault
}

// Emails as people paste them. It is a fault if Permit's email-validator refuses the
// email, or if it accepts a character that nobody can see.
func TestEmails(t *testing.T) {
	t.Parallel()
	const (
		broken    = "not an email address that Permit accepts"
		blank     = broken + ": it has a blank before or after it"
		invisible = "an invisible character: "
	)
	long := strings.Repeat("a", 62) + "."
	tests := []struct{ email, want string }{
		{"O'Neil@acme.example", ""},
		{"tést@acme.example", ""},
		{"post@münchen.example", ""},
		{"post@xn--mnchen-3ya.example", ""},
		{"gus+tag@acme.example", ""},
		{"a@1.example", ""},
		{"a@b-c.x1y", ""},
		{"_-@acme.example", ""},
		{"a@" + long + long + long + "example", ""},
		{"nz.test@acme.example\u200b", invisible + "U+200B (zero width space)"},
		{"cy@acme.example\u00a0", invisible + "U+00A0 (no-break space)"},
		{"oli@acme.example\ufeff", invisible + "U+FEFF (byte order mark)"},
		{"\u202eann@acme.example", invisible + "U+202E (right-to-left override)"},
		{"an\u00adn@acme.example", invisible + "U+00AD (soft hyphen)"},
		{"ann@ac\u2060me.example", invisible + "U+2060 (word joiner)"},
		{"ann@acme.example\t", invisible + "U+0009 (tab)"},
		{"ann\u3164@acme.example", invisible + "U+3164"},
		{"ann\ufe0f@acme.example", invisible + "U+FE0F"},
		{"ann\U000e0041@acme.example", invisible + "U+E0041"},
		{"ann@acme.example ", blank},
		{" bob@acme.example", blank},
		{"ann lee@acme.example", broken},
		{"[dan@acme.example](mailto:dan@acme.example)", broken},
		{"<dan@acme.example>", broken},
		{"Dan <dan@acme.example>", broken},
		{"eve@acme..example", broken},
		{"fay@acme", broken},
		{"null", broken},
		{"N/A", broken},
		{"hal@-acme.example", broken},
		{"hal@acme-.example", broken},
		{"hal@acme.-example", broken},
		{".ida@acme.example", broken},
		{"jo.@acme.example", broken},
		{"kim@acme.example.", broken},
		{"lee@[10.0.0.1]", broken},
		{"mo@10.0.0.1", broken},
		{"ned@acme_corp.example", broken},
		{"a@" + strings.Repeat("b", 64) + ".example", broken},
		{"a@" + long + long + long + long + "example", broken},
		{"\xff@acme.example", "not UTF-8"},
	}
	for _, tt := range tests {
		got := ""
		if fault := emailFault(t, tt.email); fault != nil {
			got = strings.TrimSuffix(fault.Reason+": "+fault.Detail, ": ")
		}
		if got != tt.want {
			t.Errorf("%q: %q, want %q", tt.email, got, tt.want)
		}
	}
}

// For keys, too, the fault names the invisible character.
func TestInvisibleCharactersInKeys(t *testing.T) {
	t.Parallel()
	row := convert.UserRow{UserID: "auth0|1\u200b"}
	_, fault := newConverter(t, convert.Options{}).convertUser(&row)
	if fault == nil || fault.Column != "user_id" || fault.Detail != "U+200B (zero width space)" || fault.Cure == "" {
		t.Errorf("user: %+v", fault)
	}
	org := convert.OrganizationRow{ID: "org_1\u00a0"}
	if fault := org.Check(&convert.Options{}); fault == nil || fault.Detail != "U+00A0 (no-break space)" {
		t.Errorf("organization: %+v", fault)
	}
}

// No email that record refuses is accepted, and the fast check accepts none that the
// slow one refuses.
func FuzzEmail(f *testing.F) {
	for _, s := range []string{
		"jane@acme.com", "a.b+c@x-y.co", "a..b@c.de", "@", "a@b", ".a@b.c", "a@b.c.", "a@-b.c", "a-@b-.c", "a@10.0.0.1",
		"O'Neil@acme.example", "[d@a.example](mailto:d@a.example)", "n@acme_corp.example", "a@b.example\u200b",
		"a@b.example\u00a0", strings.Repeat("a", 65) + "@b.co", "a@" + strings.Repeat("b", 64) + ".co",
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		fault := emailFault(t, s)
		if s != "" && fault == nil && (!record.ValidEmail(s) || !utf8.ValidString(s)) {
			t.Errorf("email %q is taken", s)
		}
		// The fast check does not know é, so the slow one decides.
		other := strings.Replace(s, "a", "é", 1)
		if slow := emailFault(t, other); len(s) < 60 && (fault == nil) != (slow == nil) {
			t.Errorf("email %q: %v, but %q: %v", s, fault, other, slow)
		}
	})
}
