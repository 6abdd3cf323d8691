package permit

import (
	"context"
	"iter"
	"net/http"
	"net/url"
	"time"
)

// Assignment gives a user a role, in a tenant or on a resource instance.
type Assignment struct {
	User             string `json:"user"`
	Role             string `json:"role"`
	Tenant           string `json:"tenant,omitempty"`
	ResourceInstance string `json:"resource_instance,omitempty"`
}

// Held is an assignment as Permit returns it.
type Held struct {
	Assignment
	CreatedAt string `json:"created_at"`
}

// Created returns when the assignment was made, or the zero time if Permit does not
// say.
func (h Held) Created() time.Time {
	at, err := time.Parse(time.RFC3339, h.CreatedAt)
	if err != nil {
		return time.Time{}
	}
	return at
}

// Assignments yields the role assignments of the environment.
func (c *Client) Assignments(ctx context.Context) iter.Seq2[Held, error] {
	return pages[Held](ctx, c, c.facts+"/role_assignments", AssignmentsPageSize, nil)
}

// CountAssignments returns the number of role assignments of the environment. known is
// false if the answer does not give it.
func (c *Client) CountAssignments(ctx context.Context) (n int, known bool, err error) {
	return count[Held](ctx, c, c.facts+"/role_assignments", nil)
}

// CountAssignmentsOfRole returns how often a role is assigned. known is false if the
// answer does not say.
func (c *Client) CountAssignmentsOfRole(ctx context.Context, role string) (n int, known bool, err error) {
	return count[Held](ctx, c, c.facts+"/role_assignments", url.Values{"role": {role}})
}

// AssignmentsFrom returns the role assignments from a page on, and the page to continue
// from. Permit does not document their order: if it is by age, the newest come last.
func (c *Client) AssignmentsFrom(ctx context.Context, page int) (items []Held, next int, err error) {
	for ; ; page++ {
		var answer list[Held]
		err := c.get(ctx, c.facts+"/role_assignments", pageQuery(page, AssignmentsPageSize), &answer)
		items = append(items, answer.items...)
		switch {
		case err != nil, len(answer.items) < AssignmentsPageSize:
			return items, page, err
		case page*AssignmentsPageSize == answer.total:
			return items, page + 1, nil
		}
	}
}

// AssignmentsOf yields the role assignments of these users, in as few calls as
// possible.
func (c *Client) AssignmentsOf(ctx context.Context, users []string) iter.Seq2[Held, error] {
	return func(yield func(Held, error) bool) {
		for batch := range userBatches(users) {
			if !c.yieldAssignments(ctx, batch, yield) {
				return
			}
		}
	}
}

// yieldAssignments makes one call for all users. On a 404, which may be about a user
// that no longer exists, it makes a call for each half. It returns false if the list
// must end.
func (c *Client) yieldAssignments(ctx context.Context, users []string, yield func(Held, error) bool) bool {
	path, filter := c.facts+"/role_assignments", url.Values{"user": users}
	for held, err := range pages[Held](ctx, c, path, AssignmentsPageSize, filter) {
		switch {
		case IsNotFound(err) && len(users) == 1:
			return true
		case IsNotFound(err):
			half := len(users) / 2
			return c.yieldAssignments(ctx, users[:half], yield) && c.yieldAssignments(ctx, users[half:], yield)
		case !yield(held, err) || err != nil:
			return false
		}
	}
	return true
}

// MaxFilter is the most users that one list can filter by (OpenAPI).
const MaxFilter = 100

// maxQuery is the most bytes that the users may take in the URL of one call. A proxy in
// front of an API accepts URLs of 8 KiB (CloudFront's limit), and a key may have 255
// characters.
const maxQuery = 6000

// userBatches yields users in batches that fit into one call each.
func userBatches(users []string) iter.Seq[[]string] {
	return func(yield func([]string) bool) {
		for len(users) > 0 {
			n := 0
			for size := 0; n < len(users) && n < MaxFilter; n++ {
				if size += len("&user=") + len(url.QueryEscape(users[n])); size > maxQuery && n > 0 {
					break
				}
			}
			if !yield(users[:n]) {
				return
			}
			users = users[n:]
		}
	}
}

// Assign makes assignments in one call, and returns how many Permit says it created.
// For assignments that exist, Permit may skip them or answer 409: its documents do not
// say which.
func (c *Client) Assign(ctx context.Context, assignments []Assignment) (created int, err error) {
	var answer assignmentCounts
	err = c.send(ctx, http.MethodPost, c.facts+"/role_assignments/bulk", assignments, &answer)
	return answer.Created, err
}

// AssignOne makes one assignment. Permit answers 409 if it exists.
func (c *Client) AssignOne(ctx context.Context, assignment Assignment) error {
	return c.send(ctx, http.MethodPost, c.facts+"/role_assignments", assignment, &assignmentEcho{})
}

// Unassign removes assignments in one call, and returns how many Permit says it
// removed. Permit may skip those that do not exist, or answer 404.
func (c *Client) Unassign(ctx context.Context, assignments []Assignment) (removed int, err error) {
	var answer assignmentCounts
	err = c.send(ctx, http.MethodDelete, c.facts+"/role_assignments/bulk", assignments, &answer)
	return answer.Removed, err
}

// UnassignOne removes one assignment. Permit answers 404 if it does not exist.
func (c *Client) UnassignOne(ctx context.Context, assignment Assignment) error {
	return c.delete(ctx, c.facts+"/role_assignments", assignment)
}
