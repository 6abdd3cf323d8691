package auth0test_test

import (
	"encoding/base64"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"a0permit/internal/auth0/auth0test"
)

func TestCheckpointPages(t *testing.T) {
	t.Parallel()
	const members = "roles/" + roleID + "/users"
	tests := []struct {
		name    string
		path    string
		rows    string
		n, take int
		max     int
		want    []int
	}{
		{"as recorded", members, "users", 3, 2, 0, []int{2, 1, 0}},
		{"none", members, "users", 0, 100, 0, []int{0}},
		{"full last page", members, "users", 100, 100, 0, []int{100, 0}},
		{"short last page", members, "users", 40, 100, 0, []int{40, 0}},
		{"short page in the middle", members, "users", 250, 100, 0, []int{100, 90, 60, 0}},
		{"short by what there is", members, "users", 298, 100, 0, []int{100, 98, 100, 0}},
		{"one at a time", members, "users", 2, 1, 0, []int{1, 1, 0}},
		{"page of 50 granted", members, "users", 120, 100, 50, []int{50, 45, 25, 0}},
		{"past 1000", members, "users", 1050, 100, 0, []int{100, 90, 100, 100, 100, 100, 100, 100, 100, 100, 60, 0}},
		{"org members", "organizations/" + orgID + "/members", "members", 3, 2, 0, []int{2, 1, 0}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			tenant := newTenant(tt.n)
			s := auth0test.New(tenant, auth0test.Options{PageMax: tt.max})
			sizes, keys := walkPages(t, s, tt.path, tt.rows, "user_id", tt.take)
			if !slices.Equal(sizes, tt.want) {
				t.Errorf("pages %v, want %v", sizes, tt.want)
			}
			if !slices.Equal(keys, tenant.Roles[0].Members) {
				t.Errorf("%d keys differ from the %d members", len(keys), tt.n)
			}
		})
	}
}

func TestCheckpointOfOrganizations(t *testing.T) {
	t.Parallel()
	for n, want := range map[int][]int{3: {2, 1}, 4: {2, 2, 0}, 5: {2, 1, 2, 0}} {
		tenant := newTenant(0)
		tenant.Organizations = nil
		var ids []string
		for i := range n {
			ids = append(ids, fmt.Sprintf("org_%016d", i))
			tenant.Organizations = append(tenant.Organizations, auth0test.Organization{ID: ids[i], Name: fmt.Sprint("o", i)})
		}
		sizes, keys := walkPages(t, auth0test.New(tenant, auth0test.Options{}), "organizations", "organizations", "id", 2)
		if !slices.Equal(sizes, want) || !slices.Equal(keys, ids) {
			t.Errorf("%d organizations: pages %v of %v, want %v", n, sizes, keys, want)
		}
	}
}

func TestCheckpointToken(t *testing.T) {
	t.Parallel()
	const members = "roles/" + roleID + "/users"
	synctest.Test(t, func(t *testing.T) {
		s := auth0test.New(newTenant(5), auth0test.Options{})
		next := get(s, members+"?take=2").object(t)["next"].(string)
		if _, err := base64.StdEncoding.DecodeString(next); err != nil || !strings.HasSuffix(next, "=") {
			t.Errorf("next %q: %v, want padded base64", next, err)
		}
		from := func(path, token string) int {
			return get(s, path+"?take=2&from="+url.QueryEscape(token)).Status
		}
		if got := from(members, next); got != http.StatusOK {
			t.Errorf("own token = %d, want 200", got)
		}
		if got := from("organizations/"+orgID+"/members", next); got != http.StatusBadRequest {
			t.Errorf("token of another list = %d, want 400", got)
		}
		raw, _ := base64.StdEncoding.DecodeString(next)
		raw[len(raw)-1] ^= 1
		if got := from(members, base64.StdEncoding.EncodeToString(raw)); got != http.StatusBadRequest {
			t.Errorf("token changed = %d, want 400", got)
		}
		time.Sleep(24*time.Hour - time.Second)
		if got := from(members, next); got != http.StatusOK {
			t.Errorf("token of a day less a second = %d, want 200", got)
		}
		time.Sleep(time.Second)
		if got := from(members, next); got != http.StatusBadRequest {
			t.Errorf("token of a day = %d, want 400", got)
		}
	})
}

// Removing a row before the checkpoint neither hides nor repeats another row.
func TestCheckpointOutlivesChange(t *testing.T) {
	t.Parallel()
	const members = "roles/" + roleID + "/users"
	for _, gone := range []int{0, 1} { // a row before the checkpoint, and the row of the checkpoint
		s := auth0test.New(newTenant(4), auth0test.Options{})
		next := get(s, members+"?take=2").object(t)["next"].(string)
		s.Update(func(t *auth0test.Tenant) {
			t.Roles[0].Members = slices.Delete(t.Roles[0].Members, gone, gone+1)
		})
		rows := get(s, members+"?take=2&from="+url.QueryEscape(next)).object(t)["users"].([]any)
		if first := rows[0].(map[string]any)["user_id"]; first != "auth0|00002" || len(rows) != 2 {
			t.Errorf("without row %d: page %v, want it to begin with auth0|00002", gone, rows)
		}
	}
}

func TestRepeatNext(t *testing.T) {
	t.Parallel()
	s := auth0test.New(newTenant(3), auth0test.Options{RepeatNext: true})
	target := "organizations/" + orgID + "/members?take=2"
	first := get(s, target).object(t)["next"].(string)
	for range 5 {
		if next := get(s, target+"&from="+url.QueryEscape(first)).object(t)["next"]; next != first {
			t.Fatalf("next = %v, want %q again", next, first)
		}
	}
}

func TestOffsetPages(t *testing.T) {
	t.Parallel()
	const members = "roles/" + roleID + "/users"
	tests := []struct {
		name, target string
		max          int
		want         string // see pageShape
	}{
		{"default of 50", members + "?include_totals=true", 0, "50 0 50 120"},
		{"hundred", members + "?include_totals=true&per_page=100", 0, "100 0 100 120"},
		{"second page", members + "?include_totals=true&per_page=100&page=1", 0, "20 100 100 120"},
		{"past the end", members + "?include_totals=true&per_page=100&page=2", 0, "0 200 100 120"},
		{"hundred granted as 50", members + "?include_totals=true&per_page=100&page=1", 50, "50 50 50 120"},
		{"bare", members, 0, "50"},
		{"bare and empty", members + "?page=9", 0, "0"},
		{"org members", "organizations/" + orgID + "/members?include_totals=true", 0, "50 0 50 120"},
		{"bare organizations", "organizations", 0, "1"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			a := get(auth0test.New(newTenant(120), auth0test.Options{PageMax: tt.max}), tt.target)
			if got := pageShape(t, a.Body); got != tt.want {
				t.Errorf("GET %s = %s, want %s", tt.target, got, tt.want)
			}
		})
	}
}
