package convert

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	"a0permit/internal/record"
)

// emailFault returns what is wrong with an email, or nil.
func emailFault(email string) *Fault {
	if isPlainEmail(email) {
		return nil
	}
	if fault := invisibleFault(columnEmail, email); fault != nil {
		return fault
	}
	if record.ValidEmail(email) && isDomain(email[strings.LastIndexByte(email, '@')+1:]) &&
		utf8.RuneCountInString(email) <= mostEmailRunes {
		return nil
	}
	fault := &Fault{Column: columnEmail, Reason: "not an email address that Permit accepts"}
	if strings.TrimSpace(email) != email {
		fault.Detail = "it has a blank before or after it"
	}
	return fault
}

const mostEmailRunes = 254

// isDomain reports whether every version of email-validator, which Permit's pydantic
// calls, accepts the labels of a domain: letters, digits and inner hyphens, with a
// letter in the last label. record.ValidEmail is less strict, because it also judges
// emails that Permit returned.
func isDomain(domain string) bool {
	var last string
	for label := range strings.SplitSeq(domain, ".") {
		if label == "" || utf8.RuneCountInString(label) > 63 || label[0] == '-' || label[len(label)-1] == '-' {
			return false
		}
		for _, r := range label {
			if r != '-' && !unicode.In(r, unicode.L, unicode.M, unicode.Nd) {
				return false
			}
		}
		last = label
	}
	return strings.ContainsFunc(last, unicode.IsLetter)
}

// isPlainEmail reports whether s is an address of the usual form: words of letters,
// digits and inner hyphens, joined by single dots, with a letter at the end. Words
// before the @ may also contain _ and +. It only saves time: emailFault accepts all of
// these anyway.
func isPlainEmail(s string) bool {
	at, dots, start := -1, 0, 0 // start is where the word begins
	for i := range len(s) {
		switch c := s[i]; {
		case wordByte[c], at < 0 && (c == '_' || c == '+'), c == '-' && i > start:
		case i == start || s[i-1] == '-':
			return false
		case c == '.' && i-start <= 63:
			dots++
			start = i + 1
		case c == '@' && at < 0 && i <= 64:
			at, dots, start = i, 0, i+1
		default:
			return false
		}
	}
	n := len(s)
	return at > 0 && dots > 0 && n > start && n-start <= 63 && n <= mostEmailRunes && s[n-1]|0x20 >= 'a'
}

var wordByte = func() (set [256]bool) {
	for c := range 256 {
		set[c] = c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9'
	}
	return set
}()

// invisibleFault returns a fault that names the invisible character in a cell, or nil.
// Pasted text often contains one. A cell that is not UTF-8 is a fault, too.
func invisibleFault(column, cell string) *Fault {
	if fault := utf8Fault(column, cell); fault != nil {
		return fault
	}
	i := strings.IndexFunc(cell, record.IsInvisible)
	if i < 0 {
		return nil
	}
	r, _ := utf8.DecodeRuneInString(cell[i:])
	detail := fmt.Sprintf("%U", r)
	if name := invisibleNames[r]; name != "" {
		detail += " (" + name + ")"
	}
	return &Fault{
		Column: column, Reason: "an invisible character", Detail: detail,
		Cure: "type the cell again by hand: pasted text may contain invisible characters",
	}
}

var invisibleNames = map[rune]string{
	0x00: "NUL", '\t': "tab", '\n': "line feed", '\r': "carriage return",
	0xa0: "no-break space", 0xad: "soft hyphen", 0x200b: "zero width space", 0x200c: "zero width non-joiner",
	0x200d: "zero width joiner", 0x200e: "left-to-right mark", 0x200f: "right-to-left mark",
	0x202a: "left-to-right embedding", 0x202b: "right-to-left embedding", 0x202c: "pop directional formatting",
	0x202d: "left-to-right override", 0x202e: "right-to-left override", 0x202f: "narrow no-break space",
	0x2060: "word joiner", 0x2066: "left-to-right isolate", 0x2067: "right-to-left isolate",
	0x2068: "first strong isolate", 0x2069: "pop directional isolate", 0x3000: "ideographic space",
	0xfeff: "byte order mark",
}
