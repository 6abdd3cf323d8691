package auth0test

import (
	"net/http"
	"slices"
	"time"

	"a0permit/internal/httpapi/httpapitest"
)

// The token and credentials that a Server accepts unless its Options set others.
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

// SafeScopes returns the scopes that Auth0 documents for all lists of this fake.
func SafeScopes() []string {
	return []string{
		"read:users", "read:roles", "read:role_members", "read:organizations",
		"read:organization_members", "read:organization_member_roles", "read:connections",
		"read:resource_servers", "read:groups", "read:group_roles", "read:group_members", "read:user_effective_permissions",
	}
}

// Options sets how the tenant behaves. The zero value is a tenant that grants every
// scope and has no rate limit.
type Options struct {
	Token        string    // the accepted bearer token; "" means DefaultToken
	TokenExpires time.Time // when that token expires; zero means never
	Scopes       []string  // the scopes of every token; nil means SafeScopes

	ClientID     string        // for /oauth/token; "" means DefaultClientID
	ClientSecret string        // "" means DefaultClientSecret
	Audience     string        // "" means /api/v2/ on the host of the request
	TokenLife    time.Duration // of tokens from /oauth/token; 0 means 24 h
	TokenScope   bool          // token answers name the granted scopes (not documented)

	Clock *httpapitest.Clock // nil means the wall clock
	Limit Limit              // of the Management API; zero means none

	PageMax       int  // the largest page the tenant sends: 50 or 100; 0 means 100
	RepeatNext    bool // checkpoint pagination always sends the same next
	NoRoleType    bool // an older tenant: it does not know the query parameter type
	AllRoleScopes bool // listing the users of a role needs all its scopes, not just one
	NoGroups      bool // the tenant does not have the feature groups

	Polls      int              // polls before the job ends; 0 means 1, below 0 none
	Running    string           // the status after pending; "" means processing
	JobStatus  string           // the status at the end; "" means completed
	JobDetails string           // status_details of a job that does not complete
	JobErrors  []map[string]any // entries of /jobs/{id}/errors; none means a 204
	NoJobs     bool             // the plan has no export jobs

	Plain       bool          // CSV cells are not escaped against injection
	CRLF        bool          // CSV rows end in CR LF
	BOM         bool          // the CSV begins with a byte order mark
	LinkLife    time.Duration // of a download link; 0 means 60 s
	ExpireLinks int           // how many links, from the first on, have expired at once
	CutDownload int           // how many downloads break off in the middle
	ServeRange  bool          // the download host honours Range and If-Range

	// Faults returns what goes wrong with a call before the tenant sees it.
	Faults func(*http.Request) httpapitest.Fault
	// Flaws returns what is wrong with the answer to a successful call.
	Flaws   func(*http.Request) Flaw
	RowSize int // bytes in a GiantRow or OpenQuote; 0 means 9 MiB
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
