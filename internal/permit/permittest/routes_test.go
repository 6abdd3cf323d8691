package permittest_test

import (
	"testing"

	. "a0permit/internal/permit/permittest"
)

func TestRoutes(t *testing.T) {
	t.Parallel()
	gone := func(call string) scene {
		return scene{
			name:  call,
			steps: []step{{call: call, status: 404, all: []string{`"error_code":"NOT_FOUND"`, `"id":"`, `"title":"`}}},
		}
	}
	runScenes(t, []scene{
		gone("GET /"),
		gone("GET /v2/api-key/scope/"),
		gone("POST /v2/api-key/scope"),
		gone("GET F/bulk/users"),
		gone("PUT F/bulk/tenants"),
		gone("PATCH F/role_assignments"),
		gone("GET F/users/"),
		gone("GET F/users/a%2Fb"),
		gone("GET S/resources/doc/roles"),
		gone("GET //v2/facts/default/dev/users"),
		{
			name: "escaped ids", seed: State{Users: []User{{Key: "auth0|1"}, {Key: "a+b@example.com"}, {Key: ".."}}},
			steps: []step{
				{call: "GET F/users/auth0%7C1", status: 200, all: []string{`"key":"auth0|1"`}},
				{call: "GET F/users/a%2Bb%40example.com", status: 200, all: []string{`"key":"a+b@example.com"`}},
				{call: "GET F/users/%2E%2E", status: 200, all: []string{`"key":".."`}},
			},
		},
	})
}
