package reconcile_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"a0permit/internal/reconcile"
	"a0permit/internal/record"
)

// fatesByEmail plans lines, written "key email", against users in Permit, written the
// same way. It returns the fate of each line. Both may lack an email.
func fatesByEmail(t *testing.T, lines, have []string) []string {
	t.Helper()
	d := reconcile.NewDesired(reconcile.Rules{Tenant: "default"})
	wants := map[string]*record.User{}
	for _, line := range lines {
		key, email, _ := strings.Cut(line, " ")
		u := &record.User{Key: key, Email: email}
		d.WantUser(u)
		if wants[key] == nil {
			wants[key] = u
		}
	}
	d.Finish()
	return fatesOf(planAgainst(d, func(c *reconcile.Current) {
		for _, text := range have {
			key, email, _ := strings.Cut(text, " ")
			i, ok := c.HaveUser(key, email)
			if ok != (wants[key] != nil) {
				t.Fatalf("HaveUser(%q) = %d, %v", key, i, ok)
			}
			if ok {
				c.Compare(i, wants[key], &record.User{Key: key, Email: email})
			}
		}
	}))
}

// A user shares the email that it asks for if another user has it and keeps it, or if
// an earlier line asks for it.
func TestWhoSharesAnEmail(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name        string
		lines, have []string
		want        string
	}{
		{"nobody has it", []string{"a 1@x"}, nil, "create"},
		{"no emails", []string{"a", "b"}, []string{"b"}, "create same"},
		{"twice in the input: the others share it", []string{"a 1@x", "b 1@x", "c 1@x"}, nil, "create create? create?"},
		{"twice but for case", []string{"a 1@x.io", "b 1@X.IO"}, nil, "create create?"},
		{"a foreign user has it", []string{"a 1@x", "b 2@x"}, []string{"z 1@x"}, "create? create"},
		{"a foreign user has it in another case", []string{"a N@x"}, []string{"z n@X"}, "create?"},
		{
			"who has it keeps it, and the first line shares it",
			[]string{"a 1@x", "b 1@x"},
			[]string{"b 1@x"},
			"create? same",
		},
		{"who has it is not named by a line before it", []string{"a 1@x", "b 1@x"}, []string{"a", "b 1@X"}, "update? same"},
		{"a line without an email leaves the user its own", []string{"a 1@x", "b"}, []string{"b 1@x"}, "create? same"},
		{"given up: the next one gets it", []string{"a 1@x", "b 2@x"}, []string{"b 1@x"}, "create update"},
		{
			"given up and wanted twice: the later line shares it",
			[]string{"a 2@x", "b 1@x", "c 1@x"},
			[]string{"a 1@x"},
			"update create create?",
		},
		{"swap", []string{"a 2@x", "b 1@x"}, []string{"a 1@x", "b 2@x"}, "update update"},
		{
			"swap that a line before it breaks",
			[]string{"c 1@x", "a 2@x", "b 1@x"},
			[]string{"a 1@x", "b 2@x"},
			"create? update? update?",
		},
		{
			"swap that a line behind it does not",
			[]string{"a 2@x", "b 1@x", "c 1@x"},
			[]string{"a 1@x", "b 2@x"},
			"update update create?",
		},
		{"a ring of three", []string{"a 2@x", "b 3@x", "c 1@x"}, []string{"a 1@x", "b 2@x", "c 3@x"}, "update update update"},

		{"lines that conflict claim nothing", []string{"a 1@x", "a 2@x", "b 1@x", "c 2@x"}, nil, "conflicted create create"},
		{
			"the claim goes to the next sound line",
			[]string{"a 1@x", "b 1@x", "c 1@x", "d 1@x", "a 2@x", "b"},
			nil,
			"conflicted conflicted create create?",
		},
		{
			"lines that conflict leave the user its email",
			[]string{"a 1@x", "b 2@x", "b 3@x"},
			[]string{"b 1@x"},
			"create? conflicted",
		},
		{
			"one that conflicts stays so, though a foreign user has its email",
			[]string{"a 1@x", "a 2@x"},
			[]string{"z 1@x"},
			"conflicted",
		},

		// A user who waits for the email of a user who shares may have to share, too.
		{"kept for want of the new one", []string{"a 2@x", "b 1@x"}, []string{"a 1@x", "z 2@x"}, "update? create?"},
		{"the same, the other way round", []string{"b 1@x", "a 2@x"}, []string{"a 1@x", "z 2@x"}, "create? update?"},
		{"kept by one of two", []string{"c 2@x", "b 1@x", "a 2@x"}, []string{"a 1@x"}, "create create? update?"},
		{
			"a long chain",
			[]string{"d 3@x", "c 2@x", "b 1@x", "e 4@x", "a 9@x"},
			[]string{"a 1@x", "b 2@x", "c 3@x", "d 4@x", "z 9@x"},
			"update? update? update? create? update?",
		},
		{
			"a long chain that moves",
			[]string{"d 3@x", "c 2@x", "b 1@x", "e 4@x", "a 9@x"},
			[]string{"a 1@x", "b 2@x", "c 3@x", "d 4@x"},
			"update update update create update",
		},
		{
			"a chain that ends in a ring",
			[]string{"a 2@x", "b 1@x", "d 1@x", "e 4@x"},
			[]string{"a 1@x", "b 2@x", "d 4@x"},
			"update update update? create?",
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if got := fatesByEmail(t, tt.lines, tt.have); strings.Join(got, " ") != tt.want {
				t.Errorf("%v, want %s", got, tt.want)
			}
		})
	}
}

// The order in which Permit lists users does not matter.
func TestOrderInPermitDoesNotMatter(t *testing.T) {
	t.Parallel()
	lines := []string{"a 2@x", "b 3@x", "c 1@x", "d 4@x", "e 5@x", "f 9@x"}
	have := []string{"a 1@x", "b 2@x", "c 3@x", "y 4@x", "f 5@x", "z 9@x"}
	want := []string{"update", "update", "update", "create?", "create?", "update?"}
	for range len(have) {
		have = append(have[1:], have[0])
		if got := fatesByEmail(t, lines, have); !slices.Equal(got, want) {
			t.Errorf("Permit lists %v: %v, want %v", have, got, want)
		}
	}
}

// A chain of emails may be long, with its lines in either order. Either all of it
// moves, or nothing.
func TestLongChainsOfEmails(t *testing.T) {
	t.Parallel()
	const n = 20_000
	lines, have := make([]string, n), make([]string, n, n+1)
	for i := range n {
		lines[i] = fmt.Sprintf("u%d %d@x", i, i+1)
		have[i] = fmt.Sprintf("u%d %d@x", i, i)
	}
	for _, want := range []string{"update", "update?"} {
		for range 2 {
			got := fatesByEmail(t, lines, have)
			for i, state := range got {
				if state != want {
					t.Fatalf("line %d: %s, want %s", i, state, want)
				}
			}
			slices.Reverse(lines)
		}
		have = append(have, fmt.Sprintf("z %d@x", n))
	}
}
