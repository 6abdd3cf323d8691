package apply

import "log/slog"

// Findings are answers to what Permit does not document, found out on the first records
// of a run that they concern. A field is "" if it was never needed.
type Findings struct {
	// SharedEmail says whether a second user may have an email: "taken" or "refused".
	SharedEmail string `json:"shared_email,omitempty"`
	// RolesOfUsers says what happens to roles in a bulk write of new users: "honoured",
	// "partly honoured", "ignored" or "refused".
	RolesOfUsers string `json:"roles_of_users,omitempty"`
	// PutOfUser says whether a write of an existing user "keeps" or "clears" the roles of
	// the user.
	PutOfUser string `json:"put_of_user,omitempty"`
	// AssignedRole says what a bulk call does about a role that the user already holds:
	// the role is "skipped", or the call "refused".
	AssignedRole string `json:"assigned_role,omitempty"`
	// ClearedField says how a write clears a field of a user: the field is "left out" or
	// "null", or "neither" works.
	ClearedField string `json:"cleared_field,omitempty"`
}

const (
	taken, refused   = "taken", "refused"
	honoured, partly = "honoured", "partly honoured"
	ignored          = "ignored"
	keeps, clears    = "keeps", "clears"
	skipped          = "skipped"
	leftOut, null    = "left out", "null"
	neither          = "neither"
)

// find notes a finding and logs it at -v.
func find(log *slog.Logger, field *string, question, answer string) {
	if *field != answer {
		*field = answer
		log.Info("found out about Permit", question, answer)
	}
}

// mayCarry reports whether it is worth sending roles along with new users.
func (f *Findings) mayCarry() bool { return f.RolesOfUsers != ignored && f.RolesOfUsers != refused }
