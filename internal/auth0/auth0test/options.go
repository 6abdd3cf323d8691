package auth0test

import (
	"net/http"
	"slices"
	"time"

	"a0permit/internal/httpapi/httpapitest"
)

// What a Server accepts unless its Options say otherwise.
const (
	DefaultToken        = "eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJhdXRoMHRlc3QifQ.c2lnbmF0dXJl"
	DefaultClientID     = "auth0test-client"
	DefaultClientSecret = "auth0test-secret"
)

const (
	defaultPolls     = 1
	defaultPageMax   = 100
	defaultLinkLife  = 60 * time.Second // docs: bulk user exports, "the download link is valid for 60 seconds"
	defaultTokenLife = 24 * time.Hour   // docs: management API access tokens
)

// SafeScopes returns the scopes that Auth0 documents for reading what a tenant here
// has.
func SafeScopes() []string {
	return []string{
		"read:users", "read:roles", "read:role_members", "read:organizations",
		"read:organization_members", "read:organization_member_roles", "read:connections",
		"read:resource_servers", "read:groups", "read:group_roles", "read:group_members", "read:user_effective_permissions",
	}
}

// Options decides how the tenant behaves. The zero value is a tenant that grants
// every scope and has no rate limit.
type Options struct {
	Token        string    // a bearer token that is accepted; "" is DefaultToken
	TokenExpires time.Time // when that token expires; zero is never
	Scopes       []string  // what every token grants; nil is SafeScopes

	ClientID     string        // for /oauth/token; "" is DefaultClientID
	ClientSecret string        // "" is DefaultClientSecret
	Audience     string        // "" is /api/v2/ on the host of the request
	TokenLife    time.Duration // of tokens from /oauth/token; 0 is 24 h
	TokenScope   bool          // token answers name the granted scopes (not documented)

	Clock *httpapitest.Clock // nil is the wall clock
	Limit Limit              // of the Management API; the zero value is none

	PageMax       int  // the page size the server grants: 100 (0 is 100) or 50
	RepeatNext    bool // checkpoint paging always answers the same next
	NoRoleType    bool // an older tenant: the query parameter type is unknown
	AllRoleScopes bool // role members need all of their scopes, not any
	NoGroups      bool // the tenant does not have the feature groups

	Polls      int              // polls answered before the job ends; 0 is 1, below 0 is none
	Running    string           // the word after pending; "" is processing
	JobStatus  string           // the word the job ends with; "" is completed
	JobDetails string           // status_details of a job that ends otherwise
	JobErrors  []map[string]any // entries of /jobs/{id}/errors; none is a 204
	NoJobs     bool             // the plan has no export jobs

	Plain       bool          // CSV cells as before the injection escaping
	CRLF        bool          // CSV rows end in CR LF
	BOM         bool          // the CSV begins with a byte order mark
	LinkLife    time.Duration // of a download link; 0 is 60 s
	ExpireLinks int           // this many links are expired from the start
	CutDownload int           // this many downloads break off in the middle
	ServeRange  bool          // the download host honours Range and If-Range

	// Faults chooses what goes wrong with a call before the tenant sees it.
	Faults func(*http.Request) httpapitest.Fault
	// Flaws chooses what is wrong with the answer to a call that succeeds.
	Flaws   func(*http.Request) Flaw
	RowSize int // of GiantRow and OpenQuote; 0 is 9 MiB
}

func (o Options) withDefaults() Options {
	setDefault(&o.Token, DefaultToken)
	setDefault(&o.ClientID, DefaultClientID)
	setDefault(&o.ClientSecret, DefaultClientSecret)
	setDefault(&o.TokenLife, defaultTokenLife)
	setDefault(&o.PageMax, defaultPageMax)
	setDefault(&o.Polls, defaultPolls)
	setDefault(&o.Running, statusProcessing)
	setDefault(&o.JobStatus, statusCompleted)
	setDefault(&o.LinkLife, defaultLinkLife)
	if o.Scopes == nil {
		o.Scopes = SafeScopes()
	}
	o.Scopes = slices.Clone(o.Scopes)
	return o
}

func setDefault[T comparable](v *T, d T) {
	var zero T
	if *v == zero {
		*v = d
	}
}
