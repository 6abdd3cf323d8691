package permit_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"a0permit/internal/httpapi"
	"a0permit/internal/permit"
	"a0permit/internal/permit/permittest"
)

// Permit's own error bodies are from its documents and from public reports.
func TestParseError(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name   string
		status int
		body   string
		want   httpapi.APIError // Status and the call are filled in
	}{
		{
			"ErrorDetails", 404,
			`{"id":"49fa6e67","title":"The requested data could not be found","error_code":"NOT_FOUND",` +
				`"message":"we could not find 'Role'.\nPlease  try again.",` +
				`"support_link":"https://x","additional_info":{"a":[1]}}`,
			httpapi.APIError{
				Known: true, Code: "NOT_FOUND", Message: "we could not find 'Role'. Please try again.", RequestID: "49fa6e67",
			},
		},
		{
			"ErrorDetails without a message", 409,
			`{"id":"49fa6e67","title":"The object already exists","error_code":"DUPLICATE_ENTITY","message":null,` +
				`"additional_info":null}`,
			httpapi.APIError{Known: true, Code: "DUPLICATE_ENTITY", Message: "The object already exists", RequestID: "49fa6e67"},
		},
		{
			"one fault of a bulk call", 422,
			`{"detail":[{"loc":["body","operations",3,"email"],"msg":"value is not a valid email address",` +
				`"type":"value_error.email"}]}`,
			httpapi.APIError{
				Message: "body.operations.email: value is not a valid email address",
				Items:   map[int]string{3: "body.operations.email: value is not a valid email address"},
			},
		},
		{
			"faults of a bare array", 422,
			`{"detail":[{"loc":["body",0,"user"],"msg":"field required"},{"loc":["body",1999,"role"],"msg":"field required"}]}`,
			httpapi.APIError{
				Message: "body.user: field required; body.role: field required",
				Items:   map[int]string{0: "body.user: field required", 1999: "body.role: field required"},
			},
		},
		{
			"two faults of one item, and a place within it", 422,
			`{"detail":[{"loc":["body","operations",2,"key"],"msg":"A"},` +
				`{"loc":["body","operations",2,"role_assignments",7,"role"],"msg":"B"}]}`,
			httpapi.APIError{
				Message: "body.operations.key: A; body.operations.role_assignments.role: B",
				Items:   map[int]string{2: "body.operations.key: A; body.operations.role_assignments.role: B"},
			},
		},
		{
			"no item", 422, `{"detail":[{"loc":["query","per_page"],"msg":"too many"}]}`,
			httpapi.APIError{Message: "query.per_page: too many"},
		},
		{
			"many faults: three are enough to read", 422,
			`{"detail":[{"loc":["x",0],"msg":"A"},{"loc":["x",1],"msg":"B"},` +
				`{"loc":["x",2],"msg":"C"},{"loc":["x",3],"msg":"D"}]}`,
			httpapi.APIError{Message: "x: A; x: B; x: C", Items: map[int]string{0: "x: A", 1: "x: B", 2: "x: C", 3: "x: D"}},
		},
		{"detail as a text", 403, `{"detail":"Not  allowed\n  here"}`, httpapi.APIError{Message: "Not allowed here"}},
		{
			"a message of several lines in a fault", 422, `{"detail":[{"loc":["body",1],"msg":"a\nb"}]}`,
			httpapi.APIError{Message: "body: a b", Items: map[int]string{1: "body: a b"}},
		},
		{"detail of another kind", 422, `{"detail":{"why":1}}`, httpapi.APIError{Message: `"{\"detail\":{\"why\":1}}"`}},
		{"an empty list of faults", 422, `{"detail":[]}`, httpapi.APIError{Message: `"{\"detail\":[]}"`}},
		{
			"gateway", 403, `{"error":"rate_limited","message":"You have exceeded the rate limit."}`,
			httpapi.APIError{Code: "rate_limited", Message: "You have exceeded the rate limit."},
		},
		{
			"a code from Permit beats the gateway's", 403, `{"error":"x","error_code":"Y","message":"m"}`,
			httpapi.APIError{Known: true, Code: "Y", Message: "m"},
		},
		{
			"a code alone", 400, `{"error_code":"INVALID_INPUT"}`,
			httpapi.APIError{Known: true, Code: "INVALID_INPUT", Message: `"{\"error_code\":\"INVALID_INPUT\"}"`},
		},
		{
			"HTML", 413, "<html>\n<body><h1>413 Request Entity Too Large</h1></body>\n</html>",
			httpapi.APIError{Foreign: true, Message: `"<html> <body><h1>413 Request Entity Too Large</h1></body> </html>"`},
		},
		{
			"a lot of HTML", 400, strings.Repeat("<p>é</p>", 50),
			httpapi.APIError{Foreign: true, Message: `"` + strings.Repeat("<p>é</p>", 22) + `<p..."`},
		},
		{"an array", 400, `["no"]`, httpapi.APIError{Foreign: true, Message: `"[\"no\"]"`}},
		{"a cut answer", 400, `{"error_code":"NOT_`, httpapi.APIError{Foreign: true, Message: `"{\"error_code\":\"NOT_"`}},
		{"nothing", 400, "", httpapi.APIError{}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			err := newClient(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				w.WriteHeader(tt.status)
				_, _ = w.Write([]byte(tt.body))
			})).PutUsers(t.Context(), nil)
			got, ok := errors.AsType[*httpapi.APIError](err)
			if !ok {
				t.Fatalf("%v is no APIError", err)
			}
			tt.want.Method, tt.want.Path = http.MethodPut, "/v2/facts"+place+"/bulk/users"
			tt.want.Status, tt.want.Attempts = tt.status, 1
			if diff := cmp.Diff(tt.want, *got); diff != "" {
				t.Errorf("(-want +got): %s", diff)
			}
			if strings.Contains(err.Error(), "\n") {
				t.Errorf("more than a line: %s", err)
			}
		})
	}
}

// The index of a fault is that of the item in the request.
func TestFaultyItems(t *testing.T) {
	t.Parallel()
	s := permittest.New(permittest.Options{})
	s.Seed(permittest.State{Users: []permittest.User{{Key: "a"}}, Roles: []permittest.Role{{Key: "r", Name: "R"}}})
	ctx, c := t.Context(), newClient(s)
	_, assigned := c.Assign(ctx, []permit.Assignment{{User: "a", Role: "r", Tenant: "default"}, {User: "a", Role: "r"}})
	tests := []struct {
		name string
		err  error
		want []int
	}{
		{
			"users", c.PutUsers(ctx, []permit.User{{Key: "b"}, {Key: "c", Email: "no"}, {Key: "d"}, {Key: "e f", Email: "no"}}),
			[]int{1, 3},
		},
		{"roles", c.PutRoles(ctx, []permit.Role{{Key: "s t", Name: "S"}, {Key: "u", Name: "U"}}), []int{0}},
		{"tenants", c.CreateTenants(ctx, []permit.Tenant{{Key: "b", Name: "B"}, {Key: "c/d", Name: "C"}}), []int{1}},
		{"assignments", assigned, []int{1}},
	}
	for _, tt := range tests {
		api, ok := errors.AsType[*httpapi.APIError](tt.err)
		if !ok {
			t.Errorf("%s: %v is no APIError", tt.name, tt.err)
			continue
		}
		if got := slices.Sorted(maps.Keys(api.Items)); !slices.Equal(got, tt.want) {
			t.Errorf("%s: items %v, want %v: %v", tt.name, got, tt.want, tt.err)
		}
	}
}

// Only Permit's own words mean that something does not exist, or exists already.
func TestWhatPermitItselfSays(t *testing.T) {
	t.Parallel()
	const own, gateway = `{"error_code":"NOT_FOUND","message":"no"}`, `{"error":"NOT_FOUND","message":"no route"}`
	tests := []struct {
		status             int
		body               string
		notFound, conflict bool
	}{
		{404, own, true, false},
		{404, gateway, false, false},
		{404, `{"detail":"Not Found"}`, false, false},
		{404, "<html>404 Not Found</html>", false, false},
		{404, "", false, false},
		{404, `{"error_code":"UNEXPECTED_ERROR"}`, false, false},
		{400, own, false, false},
		{409, `{"error_code":"DUPLICATE_ENTITY"}`, false, true},
		{409, `{"error_code":"MISMATCH_RESOURCE_INSTANCES_TENANTS"}`, false, true},
		{409, gateway, false, false},
		{409, "<html>Conflict</html>", false, false},
		{409, "", false, false},
	}
	for _, tt := range tests {
		err := newClient(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(tt.status)
			_, _ = w.Write([]byte(tt.body))
		})).DeleteUser(t.Context(), "ann")
		notFound, conflict := permit.IsNotFound(err), permit.IsConflict(err)
		if permit.Status(err) != tt.status || notFound != tt.notFound || conflict != tt.conflict {
			t.Errorf("%d %s: not found %v, conflict %v: %v", tt.status, tt.body, notFound, conflict, err)
		}
	}
}

func TestStatus(t *testing.T) {
	t.Parallel()
	refused := &httpapi.APIError{Status: http.StatusConflict}
	got := []int{
		permit.Status(nil), permit.Status(errors.New("network")), permit.Status(context.Canceled),
		permit.Status(refused), permit.Status(fmt.Errorf("load: %w", errors.Join(errors.New("and"), refused))),
	}
	if want := []int{0, 0, 0, 409, 409}; !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}
