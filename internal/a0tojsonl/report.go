package a0tojsonl

import (
	"fmt"
	"strconv"
)

// report is what the run has come to. Users, Roles and Tenants count lines
// written, so that a reader can tell whether it has them all.
type report struct {
	Users    int  `json:"users"`
	Roles    int  `json:"roles"`
	Tenants  int  `json:"tenants"`
	Rejected int  `json:"rejected"`
	Complete bool `json:"complete"`
}

func (r *report) String() string {
	line := fmt.Sprintf("%s, %s, %s, %s rejected", count(r.Users, "user"), count(r.Roles, "role"), count(r.Tenants, "tenant"), thousands(r.Rejected))
	if !r.Complete {
		line += ", not complete,"
	}
	return line
}

func count(n int, what string) string {
	if n != 1 {
		what += "s"
	}
	return thousands(n) + " " + what
}

func thousands(n int) string {
	s := strconv.Itoa(n)
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}
