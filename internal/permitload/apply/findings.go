package apply

import "log/slog"

// Findings are what a run has found out of what Permit does not document, on the
// first records that it concerned. A field is "" as long as nobody needed to know.
type Findings struct {
	// SharedEmail is whether a second user may have an email: "taken" or "refused".
	SharedEmail string `json:"shared_email,omitempty"`
	// RolesOfUsers is what becomes of roles in a bulk write of new users: they are
	// "honoured", "partly honoured", "ignored" or "refused".
	RolesOfUsers string `json:"roles_of_users,omitempty"`
	// PutOfUser is whether a write of a user who exists "keeps" the roles that the
	// user holds, or "clears" them.
	PutOfUser string `json:"put_of_user,omitempty"`
	// AssignedRole is what a bulk call does with a role that its user holds: it is
	// "skipped", or the call is "refused".
	AssignedRole string `json:"assigned_role,omitempty"`
	// ClearedField is how a write takes the value of a user's field away: the field is
	// "left out" or "null", or "neither" does.
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

// find notes what a run has found out, and says it at -v.
func find(log *slog.Logger, field *string, question, answer string) {
	if *field != answer {
		*field = answer
		log.Info("found out about Permit", question, answer)
	}
}

// mayCarry reports whether it is worth it to send roles along with new users.
func (f *Findings) mayCarry() bool { return f.RolesOfUsers != ignored && f.RolesOfUsers != refused }
