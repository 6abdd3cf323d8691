package permittest

import (
	"net/http"
	"time"

	"a0permit/internal/httpapi/httpapitest"
)

// DefaultKey is the API key that the fake accepts unless Options has another. It has
// the form of a real key, permit_key_ and 86 characters: Permit's own command line
// refuses shorter ones.
const DefaultKey = "permit_key_sandboxSandboxSandboxSandboxSandboxSandboxSandboxSandboxSandboxSandboxSandboxSandbox00"

// Level says what an API key gives access to. The answer to the scope call names
// nothing below that level (Permit's Python SDK derives the level from this).
type Level int

// The levels of a key.
const (
	LevelEnvironment Level = iota
	LevelProject
	LevelOrganization
)

// Pair says what role_assignments/bulk does with an assignment that exists.
type Pair int

// Conflict refuses the whole batch with 409 (spec, September 2026: "the whole
// batch is rejected and nothing is created"). Skip leaves the assignment out and
// does not count it. Which of the two is right is unverified.
const (
	Conflict Pair = iota
	Skip
)

// Effect says what a write does to values that it does not name. The zero value means
// the default of the option.
type Effect int

// The effects.
const (
	Keep Effect = iota + 1
	Clear
	Replace
)

// Inline says what PUT and POST bulk/users do with the role_assignments of an
// operation. The spec has the field, but no known client sends it there, so all of
// these are unverified.
type Inline int

// What a bulk call does with role_assignments. Single calls always make them.
const (
	InlineMade    Inline = iota // they exist as soon as the user does
	InlineHalf                  // every other one in a call is made
	InlineLate                  // they appear some time after the user
	InlineIgnored               // none is made
	InlineRefused               // 422, as for an unknown field
)

// inlineLag is the time from the user to the assignments under InlineLate.
const inlineLag = 10 * time.Second

// Body429 is the form of the body of a 429.
type Body429 int

// The body of the API's own 429 is not documented; the Cloud PDP's is.
const (
	Body429Details  Body429 = iota // ErrorDetails, as for the other errors
	Body429CloudPDP                // {"error":"rate_limited","message":"..."}
)

// Caps holds the most records of each bulk call. 0 means the published cap (docs: bulk
// operations).
type Caps struct{ Users, Tenants, Assignments, Roles int }

// Options says how the environment answers. The zero value is usable, and a status of 0
// means the default.
type Options struct {
	Key      string // accepted API key; "" is DefaultKey
	KeyLevel Level
	Clock    *httpapitest.Clock // nil is the wall clock

	Limits       []Limit // nil is PublishedLimits
	Unlimited    bool    // no limits at all
	WideClasses  bool    // read the published classes widely; see classesOf
	RetryAfter   bool    // send Retry-After with a 429 (undocumented for this API)
	ErrorBody429 Body429

	// Lag is how long after a bulk write users become visible: to GET, in the list
	// and to the role assignment calls, which answer 404 until then (Permit's own
	// end-to-end tests). Until then an existing user keeps the old values, and the
	// assignments that the write removes. AssignmentLag is the same for the list of
	// role assignments after a bulk assignment (unverified).
	Lag, AssignmentLag time.Duration

	// SchemaLag is the time until a new resource or action becomes visible: to GET, in
	// the list and to the permissions of roles, for which it does not exist until then.
	// Permit's own end-to-end tests do not wait for it.
	SchemaLag time.Duration

	Caps     Caps
	PageMax  int   // the most items of a page, whatever per_page says; 0: only the spec's maximum
	Oversize int   // above a cap: 403 (spec, for bulk delete), 413 or 422
	MaxBody  int64 // bytes above which a proxy answers 413 in HTML; 0 is no limit

	AssignedPair   Pair
	UnknownRole    int // 404 or 422
	MissingTenant  int // neither tenant nor resource_instance: 422 or 400
	DuplicateEmail int // an email that another user has: 0 (both have it), 409 or 422; see claimEmail
	ExistingTenant int // POST tenants: 409 (Permit's end-to-end tests) or 200 (spec)
	UnknownFilter  int // a user, role or tenant filter that matches nothing: 200 or 404
	UnknownIdent   int // a bulk delete of something unknown: 200 (skipped) or 404 (whole batch)
	MissingAction  int // a permission that names no action: 404, 422, 400 or 200 (silently skipped)
	MaxPermissions int // the most permissions of a call, above which the answer is 500; 0 is any number
	SerialBulk     int // status of a bulk call that arrives during another; 0 is no conflict

	PutOmitted     Effect // fields that a PUT of an existing user leaves out: Clear or Keep
	PutRoleOmitted Effect // fields that a PUT bulk/roles of an existing role leaves out: Clear or Keep

	// PutAssignments is what a PUT does to the assignments of an existing user.
	// Keep: they stay, and listed ones are added. Replace: a list replaces them;
	// without a list they stay. Clear: a list replaces them; without a list they
	// are removed.
	PutAssignments Effect

	// DefaultRoles adds the default roles admin, editor and viewer. They get
	// permissions for the actions create, read, update and delete of new resources
	// (docs: creating environments). Whether this includes resources that the API
	// creates is unverified.
	DefaultRoles bool

	Inline      Inline // role_assignments in PUT and POST bulk/users
	KeepOrphans bool   // a bulk delete of users leaves their assignments; see deleteUsers

	LowerEmails  bool // emails are stored in lower case
	StrictEmails bool // refuse special-use domains (.local, .test, ...) as newer email-validator versions do
	Envelopes    bool // wrap the lists of roles, tenants and assignments even if a call does not ask for the total
	LeaveOut     bool // leave absent optional fields out, and answer {} for attributes, instead of null
	RefuseNull   bool // refuse null in a body, as the spec says, although Permit's own clients send it
	OmitNull     bool // treat a null field of a user as left out, as pydantic's exclude_none does
	BareIDs      bool // ids are 32 hex digits without dashes, as in the examples of the docs
	HideNames    bool // the key may not read its own project and environment: 403
	PlainDetail  bool // answer 401 and 403 as FastAPI's {"detail":"..."} instead of ErrorDetails

	Names  Names          // how a 422 names the items of a bulk call
	Poison map[string]int // the status of every write that contains this key, as if a firewall read the bodies

	// Faults chooses what goes wrong with a call before Permit sees it.
	Faults func(*http.Request) httpapitest.Fault
	// Flaws chooses what is wrong with the answer to a call.
	Flaws  func(*http.Request) Flaw
	Forget bool // keep no record of calls, for loads whose bodies would fill the memory
}

func (o Options) withDefaults() Options {
	switch {
	case o.Unlimited:
		o.Limits = nil
	case o.Limits == nil:
		o.Limits = PublishedLimits()
	}
	setDefault(&o.Key, DefaultKey)
	// docs: bulk operations.
	setDefault(&o.Caps.Users, 3000)
	setDefault(&o.Caps.Tenants, 2000)
	setDefault(&o.Caps.Assignments, 2000)
	setDefault(&o.Caps.Roles, 2000)
	setDefault(&o.Oversize, http.StatusForbidden)
	setDefault(&o.UnknownRole, http.StatusNotFound)
	setDefault(&o.MissingTenant, http.StatusUnprocessableEntity)
	setDefault(&o.ExistingTenant, http.StatusConflict)
	setDefault(&o.UnknownFilter, http.StatusOK)
	setDefault(&o.UnknownIdent, http.StatusOK)
	setDefault(&o.MissingAction, http.StatusNotFound)
	setDefault(&o.PutOmitted, Clear)
	setDefault(&o.PutRoleOmitted, Clear)
	setDefault(&o.PutAssignments, Keep)
	return o
}

func setDefault[T comparable](v *T, value T) {
	if *v == *new(T) {
		*v = value
	}
}
