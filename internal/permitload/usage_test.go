package permitload

import (
	"strings"
	"testing"

	"a0permit/internal/permit/permittest"
	"a0permit/internal/tool"
)

// A mistake on the command line is reported before anything is read or called.
func TestUsageErrors(t *testing.T) {
	t.Parallel()
	const noRate = "is not CLASS=N/DURATION"
	tests := []struct {
		name string
		args []string
		says string
		hint string // not checked if it is empty
	}{
		{"an unknown flag", []string{"--no-such"}, "no-such", ""},
		{"a flag behind a file", []string{"x.jsonl", "--dry-run"}, "--dry-run comes after a file name", ""},
		{"stdin twice", []string{"-", "-"}, "stdin (-) is named twice", ""},
		{"an unknown answer", []string{"--create-missing", "maybe"}, `"maybe" is not one of ask, yes, no`, ""},
		{"no tenant", []string{"--tenant", ""}, "--tenant: the key is missing", ""},
		{"a rate without a class", []string{"--rate", "100/10m"}, noRate, ""},
		{"a rate of an unknown class", []string{"--rate", "bulks=100/10m"}, noRate, ""},
		{"a rate of nothing", []string{"--rate", "bulk=0/10m"}, noRate, ""},
		{"a rate in no time", []string{"--rate", "bulk=1/0s"}, noRate, ""},
		{"a rate without a unit", []string{"--rate", "bulk=1/10"}, noRate, ""},
		{
			"an address that would show the key",
			[]string{"--api-url", "http://api.permit.io"},
			"refusing to send a token over http://; use https://", "--api-url https://api.permit.io",
		},
		{
			"an address with the path of the calls",
			[]string{"--api-url", "https://api.eu.permit.io/v2"},
			"no path after the domain", "--api-url https://api.eu.permit.io",
		},
		{
			"the address of the dashboard",
			[]string{"--api-url", "https://app.permit.io/settings"},
			"no path after the domain", "--api-url https://api.permit.io",
		},
		{"a key file that is not there", []string{"--token-file", "no/such/file"}, "--token-file", ""},
		{"an empty key file", []string{"--token-file", writeFile(t, "empty", "\n")}, "is empty", ""},
		{
			"a key file with more in it",
			[]string{"--token-file", writeFile(t, "more", "PERMIT_API_KEY=a b")},
			"--token-file has a space", "",
		},
		{
			"a limit that is none",
			[]string{"remove", "--remove-limit", "NaN"},
			"not a number from 0 to 100", "--remove-limit 5",
		},
		{
			"roles of users who go",
			[]string{"remove", "--roles", "replace"},
			"there is no flag --roles", "permitload remove --help",
		},
		{
			"verify of nothing",
			[]string{"--verify", "--dry-run"},
			"--dry-run loads nothing", "leave one of the two out",
		},
		{
			"undo file on stdout",
			[]string{"remove", "--undo", "-"},
			"stdout is for what was not loaded", "--undo undo.jsonl",
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			srv := permittest.New(permittest.Options{})
			got := runFrom(t.Context(), t, srv, forbiddenStdin{t}, tt.args...)
			wantExit(t, got, tool.BadUsage, tt.says)
			if len(srv.Calls()) > 0 || got.stdout != "" {
				t.Errorf("%d calls, stdout %q", len(srv.Calls()), got.stdout)
			}
			if tt.hint != "" {
				wantNothingWritten(t, srv, got, tt.hint)
			}
		})
	}
}

// --rate changes the published limits of a class. The last one counts.
func TestRateFlag(t *testing.T) {
	t.Parallel()
	classes, err := rates([]string{"bulk=7/90s", "all=1/1ms", "bulk=8/2h"})
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, c := range classes {
		got = append(got, c.Name+" "+c.Per.String())
		if c.Name == "bulk" && c.Calls != 8 {
			t.Errorf("the last of two rates is %d", c.Calls)
		}
	}
	if want := "bulk 2h0m0s,schema 1m0s,delete 1m0s,write 1m0s,all 1ms"; strings.Join(got, ",") != want {
		t.Errorf("rates = %s, want %s", strings.Join(got, ","), want)
	}
}
