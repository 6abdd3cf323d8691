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

// Held is an assignment as Permit answers it.
type Held struct {
	Assignment
	CreatedAt string `json:"created_at"`
}

// Created returns the time of the assignment, zero when Permit does not say.
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

// CountAssignments returns the number of role assignments of the environment, and
// whether the answer says it.
func (c *Client) CountAssignments(ctx context.Context) (n int, known bool, err error) {
	return count[Held](ctx, c, c.facts+"/role_assignments", nil)
}

// CountAssignmentsOfRole returns how often a role is assigned, and whether the answer
// says it.
func (c *Client) CountAssignmentsOfRole(ctx context.Context, role string) (n int, known bool, err error) {
	return count[Held](ctx, c, c.facts+"/role_assignments", url.Values{"role": {role}})
}

// AssignmentsFrom returns the items of the list of role assignments from a page on,
// and the page to go on from. In what order Permit lists them is not documented: if
// by their age, the youngest come last.
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

// AssignmentsOf yields the role assignments of these users. It makes as few
// calls as it can.
func (c *Client) AssignmentsOf(ctx context.Context, users []string) iter.Seq2[Held, error] {
	return func(yield func(Held, error) bool) {
		for batch := range userBatches(users) {
			if !c.yieldAssignments(ctx, batch, yield) {
				return
			}
		}
	}
}

// yieldAssignments makes one call for all users. When the answer is 404, which
// may be about a user that no longer exists, it makes a call for each half.
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

// MaxFilter is the most users that a list can be filtered by (OpenAPI).
const MaxFilter = 100

// maxQuery bounds the users in the URL of one call, in bytes. What stands in
// front of an API accepts URLs of 8 KiB (CloudFront's limit), and a key can have
// 255 characters.
const maxQuery = 6000

// userBatches yields users in parts that fit one call each.
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

// Assign makes assignments in one call, and returns how many Permit says were
// created: fewer where it leaves some out, as it may do with those that exist.
// For these it may also answer 409: which of the two is not known.
func (c *Client) Assign(ctx context.Context, assignments []Assignment) (created int, err error) {
	var answer report
	err = c.send(ctx, http.MethodPost, c.facts+"/role_assignments/bulk", assignments, &answer)
	return answer.Created, err
}

// AssignOne makes one assignment. Permit answers 409 when it exists.
func (c *Client) AssignOne(ctx context.Context, assignment Assignment) error {
	return c.send(ctx, http.MethodPost, c.facts+"/role_assignments", assignment, &made{})
}

// Unassign removes assignments in one call, and returns how many Permit says were
// removed: fewer where some do not exist, for which it may also answer 404.
func (c *Client) Unassign(ctx context.Context, assignments []Assignment) (removed int, err error) {
	var answer report
	err = c.send(ctx, http.MethodDelete, c.facts+"/role_assignments/bulk", assignments, &answer)
	return answer.Removed, err
}

// UnassignOne removes one assignment. Permit answers 404 when it does not exist.
func (c *Client) UnassignOne(ctx context.Context, assignment Assignment) error {
	return c.delete(ctx, c.facts+"/role_assignments", assignment)
}
