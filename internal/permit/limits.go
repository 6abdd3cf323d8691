package permit

import (
	"net/http"
	"strings"
	"time"

	"a0permit/internal/httpapi"
)

// Classes returns Permit's published rate limits (docs, API rate limits). Of the 300
// writes and 1000 calls a minute, it leaves a fifth to the customer's application,
// which shares the limits.
func Classes() []httpapi.Class {
	return []httpapi.Class{
		{Name: "bulk", Calls: BulkCalls, Per: 10 * time.Minute, Has: func(method, path string) bool {
			return method != http.MethodGet && isBulk(path)
		}},
		{Name: "schema", Calls: 40, Per: time.Minute, Has: func(method, path string) bool {
			return method == http.MethodPost && strings.HasPrefix(path, "/v2/schema/")
		}},
		{Name: "delete", Calls: 60, Per: time.Minute, Has: func(method, _ string) bool {
			return method == http.MethodDelete
		}},
		{Name: "write", Calls: 240, Per: time.Minute, Has: func(method, _ string) bool {
			return method != http.MethodGet
		}},
		{Name: "all", Calls: 800, Per: time.Minute, Has: func(string, string) bool { return true }},
	}
}

// BulkCalls is the number of bulk calls that Permit allows in ten minutes.
const BulkCalls = 100

// isBulk reports whether path is that of a bulk call. It looks only at the part after
// the environment, since a project or a user may be called bulk.
func isBulk(path string) bool {
	parts := strings.Split(path, "/") // "", v2, facts, project, environment, ...
	return len(parts) == 7 && (parts[5] == "bulk" || parts[5] == "role_assignments" && parts[6] == "bulk")
}

// The most items of one bulk call (docs, bulk operations).
const (
	MaxUsers       = 3000
	MaxTenants     = 2000
	MaxAssignments = 2000
	MaxRoles       = 2000
)

// AtOnce is the number of calls for single records to make at the same time. Permit
// publishes no limit; more would leave little to the customer's application.
const AtOnce = 4
