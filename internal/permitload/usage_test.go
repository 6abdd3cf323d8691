package permitload

import (
	"bytes"
	"strings"
	"testing"

	"a0permit/internal/permit/permittest"
	"a0permit/internal/tool"
)

// What is wrong on the command line is told before anything is read or called.
func TestUsageErrors(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name string
		args []string
		says string
	}{
		{"an unknown flag", []string{"--no-such"}, "no-such"},
		{"a flag behind a file", []string{"x.jsonl", "--dry-run"}, "--dry-run stands after a file"},
		{"stdin twice", []string{"-", "-"}, "stdin (-) is named twice"},
		{"an unknown answer", []string{"--create-missing", "maybe"}, `"maybe" is not one of ask, yes, no`},
		{"no tenant", []string{"--tenant", ""}, "--tenant: no key"},
		{"a rate without a class", []string{"--rate", "100/10m"}, "is not CLASS=N/DURATION"},
		{"a rate of an unknown class", []string{"--rate", "bulks=100/10m"}, "is not CLASS=N/DURATION"},
		{"a rate of nothing", []string{"--rate", "bulk=0/10m"}, "is not CLASS=N/DURATION"},
		{"a rate in no time", []string{"--rate", "bulk=1/0s"}, "is not CLASS=N/DURATION"},
		{"a rate without a unit", []string{"--rate", "bulk=1/10"}, "is not CLASS=N/DURATION"},
		{"an address that would show the key", []string{"--api-url", "http://api.permit.io"}, "http:// is for this machine only"},
		{"a key file that is not there", []string{"--token-file", "no/such/file"}, "--token-file"},
		{"an empty key file", []string{"--token-file", writeFile(t, "empty", "\n")}, "is empty"},
		{"a key file with more in it", []string{"--token-file", writeFile(t, "more", "PERMIT_API_KEY=a b")}, "--token-file holds a space"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			srv := permittest.New(permittest.Options{})
			var out, errs bytes.Buffer
			code := runOn(t, t.Context(), srv, forbiddenStdin{t}, &out, &errs, tt.args...)
			wantExit(t, result{code, out.String(), errs.String()}, tool.BadUsage, tt.says)
			if len(srv.Calls()) > 0 || out.Len() > 0 {
				t.Errorf("%d calls, stdout %q", len(srv.Calls()), out.String())
			}
		})
	}
}

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
