package permit_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"testing"

	"github.com/google/go-cmp/cmp"

	"a0permit/internal/permit"
)

// pager serves a list of users u0, u1, ... page by page.
type pager struct {
	items    int
	envelope bool
	total    func(page int) any // nil: no total_count
	most     int                // the largest page it returns; 0: any
	ignores  bool               // it ignores the parameter page

	queries []url.Values
}

func (p *pager) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	q := r.URL.Query()
	p.queries = append(p.queries, q)
	page, _ := strconv.Atoi(q.Get("page"))
	if p.ignores {
		page = 1
	}
	size, _ := strconv.Atoi(q.Get("per_page"))
	if p.most > 0 {
		size = min(size, p.most)
	}
	from := min(p.items, (page-1)*size)
	data := []map[string]any{}
	for i := range min(p.items-from, size) {
		name := fmt.Sprintf("u%d", from+i)
		// The client does not know new_field.
		data = append(data, map[string]any{"key": name, "user": name, "role": "r", "new_field": []int{1}})
	}
	var answer any = data
	if p.envelope {
		e := map[string]any{"data": data, "page_count": 1}
		if p.total != nil {
			e["total_count"] = p.total(page)
		}
		answer = e
	}
	_ = json.NewEncoder(w).Encode(answer)
}

func constantTotal(total any) func(int) any { return func(int) any { return total } }

func TestPages(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name  string
		pager pager
		calls int
		err   error
	}{
		{"array, empty", pager{}, 1, permit.ErrUncounted},
		{"array, one, and an empty page", pager{items: 1}, 2, permit.ErrUncounted},
		{"array, a full page and an empty one", pager{items: 100}, 2, permit.ErrUncounted},
		{"array, three pages and an empty one", pager{items: 250}, 4, permit.ErrUncounted},
		{"array, of a server with smaller pages", pager{items: 250, most: 30}, 10, permit.ErrUncounted},

		{"total, empty", pager{envelope: true, total: constantTotal(0)}, 1, nil},
		{"total, one", pager{items: 1, envelope: true, total: constantTotal(1)}, 1, nil},
		{"total, one less than a page", pager{items: 99, envelope: true, total: constantTotal(99)}, 1, nil},
		{"total, a full page", pager{items: 100, envelope: true, total: constantTotal(100)}, 1, nil},
		{"total, one more than a page", pager{items: 101, envelope: true, total: constantTotal(101)}, 2, nil},
		{"total, three pages", pager{items: 250, envelope: true, total: constantTotal(250)}, 3, nil},
		{
			"total, of a server with smaller pages",
			pager{items: 250, envelope: true, total: constantTotal(250), most: 30},
			9, nil,
		},

		{"envelope alone, empty", pager{envelope: true}, 1, permit.ErrUncounted},
		{"envelope alone, a full page and an empty one", pager{items: 100, envelope: true}, 2, permit.ErrUncounted},
		{"envelope alone, two pages and an empty one", pager{items: 150, envelope: true}, 3, permit.ErrUncounted},
		{"total null", pager{items: 100, envelope: true, total: constantTotal(nil)}, 2, permit.ErrUncounted},

		{"total too high", pager{items: 150, envelope: true, total: constantTotal(400)}, 3, permit.ErrShrunk},
		{"total too high, and nothing", pager{envelope: true, total: constantTotal(400)}, 1, permit.ErrShrunk},
		{"total too low", pager{items: 250, envelope: true, total: constantTotal(40)}, 4, permit.ErrUncounted},
		{"total 0", pager{items: 250, envelope: true, total: constantTotal(0)}, 4, permit.ErrUncounted},
		{"total -1", pager{items: 250, envelope: true, total: constantTotal(-1)}, 4, permit.ErrUncounted},
		{
			"total too low for a second page that is full",
			pager{items: 250, envelope: true, total: constantTotal(150)},
			4, permit.ErrUncounted,
		},
		{
			"total too low, of a server with smaller pages",
			pager{items: 250, envelope: true, total: constantTotal(40), most: 30},
			10, permit.ErrUncounted,
		},
		{
			"total grows",
			pager{items: 250, envelope: true, total: func(page int) any { return 110 * page }},
			4, permit.ErrShrunk,
		},
		{"total on the first page only", pager{items: 250, envelope: true, total: func(page int) any {
			if page == 1 {
				return 250
			}
			return nil
		}}, 3, nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			users, err := collect(newClient(&tt.pager).Users(t.Context()))
			if !errors.Is(err, tt.err) {
				t.Fatalf("%v, want %v", err, tt.err)
			}
			var got, want []string
			for _, u := range users {
				got = append(got, u.Key)
			}
			for i := range tt.pager.items {
				want = append(want, fmt.Sprintf("u%d", i))
			}
			if !slices.Equal(got, want) {
				t.Errorf("%d users, want %d", len(got), len(want))
			}
			if len(tt.pager.queries) != tt.calls {
				t.Errorf("%d calls, want %d", len(tt.pager.queries), tt.calls)
			}
		})
	}
}

// A server that ignores page returns the first one again and again. The client takes
// none of it for new items, and stops.
func TestSamePageAgain(t *testing.T) {
	t.Parallel()
	tests := map[string]pager{
		"of two":               {items: 100, envelope: true, total: constantTotal(200)},
		"of three":             {items: 100, envelope: true, total: constantTotal(250)},
		"without a total":      {items: 100, envelope: true},
		"short, and no total":  {items: 30},
		"small, of three":      {items: 30, envelope: true, total: constantTotal(90)},
		"of a total that lies": {items: 30, envelope: true, total: constantTotal(20)},
	}
	for name, p := range tests {
		p.ignores = true
		users, err := collect(newClient(&p).Users(t.Context()))
		if !errors.Is(err, permit.ErrEndless) || len(p.queries) != 2 || len(users) > 2*p.items {
			t.Errorf("%s: %d users in %d calls, %v", name, len(users), len(p.queries), err)
		}
	}
}

// A list is not complete if only repeated items reach its total. An item that is
// created meanwhile in front moves the others back, so one may come twice.
func TestItemsThatComeAgain(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name       string
		from, last int // the items on page 2
		total      int // on page 2; 150 before
		err        error
	}{
		{"none", 100, 150, 150, nil},
		{"one, since one was created", 99, 150, 151, nil},
		{"two, but only one was created", 98, 149, 151, permit.ErrShrunk},
		{"instead of others", 60, 110, 150, permit.ErrShrunk},
	} {
		c := newClient(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			from, last, total := 0, 100, 150
			switch r.URL.Query().Get("page") {
			case "2":
				from, last, total = tt.from, tt.last, tt.total
			case "3":
				from, last, total = 0, 0, tt.total
			}
			var data []permit.User
			for i := from; i < last; i++ {
				data = append(data, permit.User{Key: fmt.Sprint("u", i)})
			}
			_ = json.NewEncoder(w).Encode(map[string]any{"data": data, "total_count": total})
		}))
		if _, err := collect(c.Users(t.Context())); !errors.Is(err, tt.err) {
			t.Errorf("%s: %v, want %v", tt.name, err, tt.err)
		}
	}
}

// Reading a list that always has new items ends, after a bounded number of calls.
func TestListsWithoutEnd(t *testing.T) {
	t.Parallel()
	growing := func(page int) any { return 100 * (page + 1) }
	tests := []struct {
		name  string
		pager pager
		calls int
	}{
		{"total", pager{envelope: true, total: constantTotal(1050)}, 45},
		{"small pages", pager{envelope: true, total: constantTotal(100), most: 3}, 750},
		{"total that grows", pager{envelope: true, total: growing}, 30},
		{"total 0", pager{envelope: true, total: constantTotal(0)}, 30},
		{"array of small pages", pager{most: 1}, 10_000},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			tt.pager.items = 1 << 40
			_, err := collect(newClient(&tt.pager).Users(t.Context()))
			if n := len(tt.pager.queries); !errors.Is(err, permit.ErrEndless) || n > tt.calls {
				t.Errorf("%d calls, %v", n, err)
			}
		})
	}
}

// lister reads a list and returns the number of its items.
type lister func(context.Context, *permit.Client) (int, error)

func countItems[T any](list func(*permit.Client, context.Context) iter.Seq2[T, error]) lister {
	return func(ctx context.Context, c *permit.Client) (int, error) {
		items, err := collect(list(c, ctx))
		return len(items), err
	}
}

func assignmentLister(users ...string) lister {
	return countItems(func(c *permit.Client, ctx context.Context) iter.Seq2[permit.Held, error] {
		if len(users) > 0 {
			return c.AssignmentsOf(ctx, users)
		}
		return c.Assignments(ctx)
	})
}

// The client asks for the largest pages that Permit allows, each with the filter.
func TestPageQueries(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name string
		call lister
		n    int
		want []string
	}{
		{
			"users", countItems((*permit.Client).Users), 150,
			[]string{"include_total_count=true&page=1&per_page=100", "include_total_count=true&page=2&per_page=100"},
		},
		{
			"roles", countItems((*permit.Client).Roles), 99,
			[]string{"include_total_count=true&page=1&per_page=100"},
		},
		{
			"resources", countItems((*permit.Client).Resources), 101,
			[]string{
				"include_built_in=false&include_total_count=true&page=1&per_page=100",
				"include_built_in=false&include_total_count=true&page=2&per_page=100",
			},
		},
		{
			"tenants", countItems((*permit.Client).Tenants), 99,
			[]string{"include_total_count=true&page=1&per_page=100"},
		},
		{
			"assignments", assignmentLister(), 1500,
			[]string{"include_total_count=true&page=1&per_page=1000", "include_total_count=true&page=2&per_page=1000"},
		},
		{
			"assignments of users", assignmentLister("auth0|a", "b&page=7"), 1500,
			[]string{
				"include_total_count=true&page=1&per_page=1000&user=auth0%7Ca&user=b%26page%3D7",
				"include_total_count=true&page=2&per_page=1000&user=auth0%7Ca&user=b%26page%3D7",
			},
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			p := &pager{items: tt.n, envelope: true, total: constantTotal(tt.n)}
			if n, err := tt.call(t.Context(), newClient(p)); n != tt.n || err != nil {
				t.Errorf("%d items, %v; want %d", n, err, tt.n)
			}
			var got []string
			for _, q := range p.queries {
				got = append(got, q.Encode())
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("(-want +got): %s", diff)
			}
		})
	}
}

// The filter has each user once, in as few calls as the number of users and their keys
// allow.
func TestAssignmentsOfManyUsers(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ length, n, calls int }{{30, 100, 1}, {30, 101, 2}, {255, 100, 5}, {9000, 1, 1}} {
		t.Run(fmt.Sprintf("%d of %d", tt.n, tt.length), func(t *testing.T) {
			t.Parallel()
			var users []string
			for i := range tt.n {
				users = append(users, fmt.Sprintf("auth0|%0*d", tt.length-len("auth0|"), i))
			}
			p := &pager{envelope: true, total: constantTotal(0)}
			if _, err := collect(newClient(p).AssignmentsOf(t.Context(), users)); err != nil {
				t.Fatal(err)
			}
			var asked []string
			for _, q := range p.queries {
				asked = append(asked, q["user"]...)
				if n := len(q.Encode()); n > 7000 && tt.n > 1 {
					t.Errorf("a query of %d bytes", n)
				}
			}
			if !slices.Equal(asked, users) {
				t.Errorf("asked for %d users, want each of %d once", len(asked), len(users))
			}
			if len(p.queries) != tt.calls {
				t.Errorf("%d calls, want %d", len(p.queries), tt.calls)
			}
		})
	}
}
