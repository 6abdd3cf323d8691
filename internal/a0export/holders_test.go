package a0export

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"runtime"
	"slices"
	"testing"
)

// model does what holders does, with plain maps.
type model map[string]map[string]bool

func (m model) names(user string) []string {
	names := []string{}
	for name := range m[user] {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

// grant gives roles to users, in holders and in the model. Each byte of data is a user
// of the current role, and 0 starts the next role. A user may come twice.
func grant(data []byte) (*holders, model) {
	h, m := newHolders(), model{}
	name := "role 0"
	number := h.role(name)
	for _, b := range data {
		if b == 0 {
			name = fmt.Sprintf("role %d", number+1)
			number = h.role(name)
			continue
		}
		user := fmt.Sprintf("auth0|%d", b)
		h.add(user, number)
		if m[user] == nil {
			m[user] = map[string]bool{}
		}
		m[user][name] = true
	}
	h.seal()
	return h, m
}

func FuzzHolders(f *testing.F) {
	f.Add([]byte{})
	f.Add([]byte{1, 2, 0, 1, 0, 2, 3})
	f.Add([]byte{1, 1, 2, 1, 0, 0, 2, 2, 1}) // users that come twice, on one page and on two
	r := rand.New(rand.NewPCG(7, 11))
	for _, users := range []int{3, 40, 250} {
		data := make([]byte, 4000)
		for i := range data {
			data[i] = byte(r.IntN(users))
		}
		f.Add(data)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		h, m := grant(data)
		if h.users() != len(m) {
			t.Errorf("%d users, want %d", h.users(), len(m))
		}
		for range 2 { // the second cell comes from the cache
			for b := range 256 {
				user := fmt.Sprintf("auth0|%d", b)
				cell, isFilled := h.cell(user)
				var names []string
				if err := json.Unmarshal(cell, &names); err != nil {
					t.Fatal(err)
				}
				if want := m.names(user); !slices.Equal(want, names) {
					t.Fatalf("%s holds %q, want %q", user, names, want)
				}
				if isFilled != (len(names) > 0) {
					t.Errorf("%s: isFilled is %v with %v", user, isFilled, names)
				}
			}
		}
	})
}

func TestHoldersCells(t *testing.T) {
	t.Parallel()
	tests := []struct {
		names []string
		want  string
	}{
		{nil, `[]`},
		{[]string{"z", "A", "ä", "a"}, `["A","a","z","ä"]`},
		{[]string{`a "b", c`, "<&>", "1\n2", "\\"}, `["1\n2","<&>","\\","a \"b\", c"]`},
		{[]string{"日本", "\U0001F512"}, `["日本","🔒"]`},
	}
	for _, tt := range tests {
		h := newHolders()
		for _, name := range tt.names {
			h.add("u", h.role(name))
		}
		h.seal()
		if cell, _ := h.cell("u"); string(cell) != tt.want {
			t.Errorf("cell %s, want %s", cell, tt.want)
		}
	}
}

// fillHolders returns holders with users who each hold some of the roles, at random.
func fillHolders(users, roles, each int) *holders {
	h := newHolders()
	members := make([][]int32, roles)
	r := rand.New(rand.NewPCG(3, 9))
	for user := range users {
		for range each {
			role := r.IntN(roles)
			members[role] = append(members[role], int32(user))
		}
	}
	for i := range members {
		number := h.role(fmt.Sprintf("Role %d", i))
		for _, user := range members[i] {
			h.add(fmt.Sprintf("auth0|%024x", user), number)
		}
	}
	h.seal()
	return h
}

// B/holder is the retained memory per user who holds a role. The goal is 64.
func BenchmarkHoldersMemory(b *testing.B) {
	for _, users := range []int{100_000, 1_000_000} {
		for _, size := range []struct{ roles, each int }{{12, 1}, {12, 3}, {200, 3}, {1000, 2}, {1000, 10}} {
			b.Run(fmt.Sprintf("users=%d/roles=%d/each=%d", users, size.roles, size.each), func(b *testing.B) {
				for b.Loop() {
					before := heapBytes()
					h := fillHolders(users, size.roles, size.each)
					after := heapBytes()
					b.ReportMetric((after-before)/float64(h.users()), "B/holder")
					b.ReportMetric((after-before)/float64(size.each*users), "B/assignment")
					runtime.KeepAlive(h)
				}
			})
		}
	}
}
