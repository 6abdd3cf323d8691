package permittest

import (
	"net/http"
	"time"

	"a0permit/internal/httpapi/httpapitest"
)

// DefaultKey is the API key accepted when Options names none. The prefix is
// that of the keys in Permit's docs.
const DefaultKey = "permit_key_sandbox"

// Level is what an API key was made for. The scope call leaves out what lies
// below it (Permit's Python SDK reads a key's level from just that).
type Level int

// The levels of a key.
const (
	LevelEnvironment Level = iota
	LevelProject
	LevelOrganization
)

// Pair is what role_assignments/bulk does with a pair that is assigned.
type Pair int

// Conflict refuses the whole batch with 409 (spec, September 2026: "the whole
// batch is rejected and nothing is created"); Skip leaves the pair out and
// does not count it. Which of the two is unverified.
const (
	Conflict Pair = iota
	Skip
)

// Effect is what a write does to what it does not name. The zero value means
// the default of the option at hand.
type Effect int

// The effects.
const (
	Keep Effect = iota + 1
	Clear
	Replace
)

// Body429 is the form of the body of a 429.
type Body429 int

// The body of the API's own 429 is not documented; the Cloud PDP's is.
const (
	Body429Details  Body429 = iota // ErrorDetails, as for the other errors
	Body429CloudPDP                // {"error":"rate_limited","message":"..."}
)

// Caps are the most records a bulk call takes. Zero means the published cap
// (docs: bulk operations).
type Caps struct{ Users, Tenants, Assignments, Roles int }

// Options say how the environment answers. The zero value is usable; a
// number of status 0 means its default.
type Options struct {
	Key      string // accepted API key; DefaultKey
	KeyLevel Level
	Clock    *httpapitest.Clock // nil: the wall's

	Limits       []Limit // nil: PublishedLimits
	Unlimited    bool    // no limits at all
	WideClasses  bool    // read the published classes widely; see classes
	RetryAfter   bool    // send Retry-After with a 429 (undocumented for this API)
	ErrorBody429 Body429

	// Lag is how long after a bulk write of users they can be seen: by GET, in
	// the list and by the role assignment calls, which answer 404 until then
	// (Permit's own end-to-end tests). An existing user shows the old values
	// meanwhile, and what the write clears stays. AssignmentLag is the same for the list of role assignments
	// after a bulk assignment (unverified).
	Lag, AssignmentLag time.Duration

	Caps     Caps
	Oversize int   // above a cap: 403 (spec, for bulk delete), 413 or 422
	MaxBody  int64 // bytes above which a proxy answers 413 in HTML; 0: no end

	AssignedPair   Pair
	UnknownRole    int // 404 or 422
	MissingTenant  int // neither tenant nor resource_instance: 422 or 400
	DuplicateEmail int // 409 or 422
	ExistingTenant int // POST tenants: 409 (Permit's end-to-end tests) or 200 (spec)
	UnknownFilter  int // a user, role or tenant filter that matches nothing: 200 or 404
	UnknownIdent   int // a bulk delete of what is not there: 200 (skipped) or 404 (whole batch)
	SerialBulk     int // status of a bulk call that arrives during another; 0: allowed

	PutOmitted     Effect // fields a PUT of an existing user leaves out: Clear or Keep
	PutRoleOmitted Effect // fields a PUT bulk/roles of an existing role leaves out: Clear or Keep

	// PutAssignments is what a PUT does to the assignments an existing user has.
	// Keep: they stay, listed ones are added. Replace: a given list replaces
	// them, without one they stay. Clear: as Replace, and without a list they go.
	PutAssignments Effect

	LowerEmails  bool // e-mails are stored in lower case
	StrictEmails bool // refuse special-use domains (.local, .test, ...) as newer email-validator versions do
	Envelopes    bool // wrap the lists of roles, tenants and assignments even when not asked to
	Nulls        bool // answer absent optional fields as null instead of leaving them out
	PlainDetail  bool // answer 401 and 403 as FastAPI's {"detail":"..."} instead of ErrorDetails

	Faults func(*http.Request) httpapitest.Fault
	Forget bool // keep no record of calls, for loads whose bodies would fill memory
}

func (o Options) withDefaults() Options {
	if o.Key == "" {
		o.Key = DefaultKey
	}
	switch {
	case o.Unlimited:
		o.Limits = nil
	case o.Limits == nil:
		o.Limits = PublishedLimits()
	}
	// docs: bulk operations.
	orElse(&o.Caps.Users, 3000)
	orElse(&o.Caps.Tenants, 2000)
	orElse(&o.Caps.Assignments, 2000)
	orElse(&o.Caps.Roles, 2000)
	orElse(&o.Oversize, http.StatusForbidden)
	orElse(&o.UnknownRole, http.StatusNotFound)
	orElse(&o.MissingTenant, http.StatusUnprocessableEntity)
	orElse(&o.DuplicateEmail, http.StatusConflict)
	orElse(&o.ExistingTenant, http.StatusConflict)
	orElse(&o.UnknownFilter, http.StatusOK)
	orElse(&o.UnknownIdent, http.StatusOK)
	orElse(&o.PutOmitted, Clear)
	orElse(&o.PutRoleOmitted, Clear)
	orElse(&o.PutAssignments, Keep)
	return o
}

func orElse[T ~int](v *T, value T) {
	if *v == 0 {
		*v = value
	}
}
