package permitload

import (
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"a0permit/internal/permit/permittest"
	"a0permit/internal/tool"
)

// What --roles replace leaves although the input lacks it is told, by the reason and
// with what helps.
func TestKeptAssignmentsAreTold(t *testing.T) {
	t.Parallel()
	const one = "warning: 1 role assignment that the input lacks stays in Permit: "
	const two = "warning: 2 role assignments that the input lacks stay in Permit: "
	const noRole = "the input has no line for the role"
	const roleHint = "hint: a0export all | a0tojsonl writes a line for every role, also for one that nobody holds"
	const noTenant = "the input has no line for the tenant"
	const tenantHint = "hint: a0export all | a0tojsonl writes a line for every organization"
	const young = "only what is ten minutes older than the export is taken away; a later export decides"
	const unsaid = "in tenant default, about which the input may say nothing"
	const unsaidHint = `hint: a line {"type":"tenant","key":"default"} in the input says that it does`

	nobody := annWithoutRoles + bobWithoutRoles
	inOrg := strings.ReplaceAll(nobody, "[]", `[{"role":"viewer","tenant":"org"}]`)
	for _, tt := range []struct {
		name, input string
		age         time.Duration
		have        []string
		told        []string
	}{
		{
			"no line for the role", adminLine + nobody, time.Hour,
			[]string{"ann byhand default"},
			[]string{one + noRole, roleHint},
		},
		{
			"no line for the role, twice", adminLine + nobody, time.Hour,
			[]string{"ann byhand default", "bob viewer default"},
			[]string{two + noRole, roleHint},
		},
		{
			"no line for the tenant", roleLines + nobody, time.Hour,
			[]string{"ann admin org"},
			[]string{one + noTenant, tenantHint},
		},
		{
			"no line for the tenant, twice", roleLines + nobody, time.Hour,
			[]string{"ann admin org", "bob viewer other"},
			[]string{two + noTenant, tenantHint},
		},
		{"too young", roleLines + nobody, 9 * time.Minute, []string{"ann admin default"}, []string{one + young}},
		{
			"too young, twice", roleLines + nobody, -time.Minute,
			[]string{"ann admin default", "bob admin default"},
			[]string{two + young},
		},
		{
			"in a tenant of which nothing is said", roleLines + orgTenantLine + inOrg, time.Hour,
			[]string{"ann admin default"},
			[]string{one + unsaid, unsaidHint},
		},
		{
			"in such a tenant, twice", roleLines + orgTenantLine + inOrg, time.Hour,
			[]string{"ann admin default", "bob admin default"},
			[]string{two + unsaid, unsaidHint},
		},
		{
			"one of each", adminLine + orgTenantLine + inOrg, time.Hour,
			[]string{"ann byhand default", "ann admin other", "bob admin default"},
			[]string{one + noRole, roleHint, one + noTenant, tenantHint, one + unsaid, unsaidHint},
		},
		{"nothing", roleLines + nobody, time.Hour, []string{"ann admin default"}, nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				asOf := time.Now()
				time.Sleep(time.Hour) // what was given after the export is in the past, too
				for _, replaces := range []bool{true, false} {
					srv := permittest.New(permittest.Options{})
					srv.SeedAt(asOf.Add(-tt.age), threeUsers(tt.have...))
					got := load(t.Context(), srv, tt.input+endLineAt(asOf), dryRun,
						func(c *loadSettings) { c.replaceRoles = replaces })
					wantReport(t, got, tool.Done)
					want := tt.told
					if !replaces {
						want = nil
					}
					if diff := cmp.Diff(want, keptTold(got)); diff != "" {
						t.Errorf("--roles replace is %v (-want +got):\n%s", replaces, diff)
					}
				}
			})
		})
	}
}

// keptTold returns what a run tells of assignments that the input lacks, and hints.
func keptTold(got result) (told []string) {
	for line := range strings.Lines(got.stderr) {
		text := strings.TrimSpace(strings.TrimPrefix(line, "permitload: "))
		if strings.Contains(text, " that the input lacks ") || strings.HasPrefix(text, "hint: ") {
			told = append(told, text)
		}
	}
	return told
}

// Where the input decides about no assignment at all, --roles replace says what it takes.
func TestReplaceWithoutScopeIsTold(t *testing.T) {
	t.Parallel()
	const says = "warning: --roles replace: the input says nothing about any role assignment in Permit;" +
		" that takes a user line with role_assignments, a line for the role and a line for the tenant\n"
	for name, tt := range map[string]struct {
		input string
		told  bool
	}{
		"no line for a role":            {defaultTenantLine + annWithoutRoles, true},
		"no line that speaks of roles":  {defaultTenantLine + roleLines + lines(`{"type":"user","key":"ann"}`), true},
		"all that it takes":             {defaultTenantLine + roleLines + annWithoutRoles, false},
		"no user at all, so none loses": {defaultTenantLine + roleLines, false},
	} {
		for _, replaces := range []bool{true, false} {
			synctest.Test(t, func(t *testing.T) {
				srv := permittest.New(permittest.Options{})
				srv.SeedAt(time.Now().Add(-time.Hour), threeUsers("ann admin default"))
				got := load(t.Context(), srv, tt.input+endLineAt(time.Now()), dryRun,
					func(c *loadSettings) { c.replaceRoles = replaces })
				wantReport(t, got, tool.Done)
				if isTold := strings.Contains(got.stderr, says); isTold != (tt.told && replaces) {
					t.Errorf("%s, --roles replace is %v: told: %v\n%s", name, replaces, isTold, got.stderr)
				}
			})
		}
	}
}

// A verification says what it did not look at: nobody should take it for more than it is.
func TestVerifySaysWhatItDidNotLookAt(t *testing.T) {
	t.Parallel()
	const noFields = "fields that lines do not name"
	const noRoles = "role assignments that the input lacks"
	add := func(*loadSettings) {}
	users := annWithoutRoles + bobWithoutRoles + lines(`{"type":"user","key":"cid"}`)
	for _, tt := range []struct {
		name, input string
		option      func(*loadSettings)
		code        int
		says        string
	}{
		{"roles are added", roleLines + defaultTenantLine + users, add, tool.Done, noRoles + ", " + noFields},
		{"roles are replaced", roleLines + defaultTenantLine + users, replaceRoles, tool.Done, noFields},
		{
			"one is kept", adminLine + defaultTenantLine + users, replaceRoles, tool.Done,
			"1 role assignment that the input lacks, " + noFields,
		},
		{
			"two are kept", lines(`{"type":"role","key":"byhand"}`) + defaultTenantLine + users, replaceRoles, tool.Done,
			"2 " + noRoles + ", " + noFields,
		},
		{
			"a line is left over", roleLines + defaultTenantLine + users + lines(`{"type":"user","key":"no good"}`),
			replaceRoles, tool.Rejected, "1 line left over, " + noFields,
		},
		{
			"users whom the input lacks", roleLines + defaultTenantLine + annWithoutRoles, replaceRoles, tool.Done,
			noFields + ", 2 users in Permit whom the input lacks",
		},
		{
			"all of it", adminLine + defaultTenantLine + bobWithoutRoles + lines(`{"type":"user","key":"no good"}`),
			replaceRoles, tool.Rejected,
			"1 line left over, 1 role assignment that the input lacks, " + noFields + ", 2 users in Permit whom the input lacks",
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				srv := permittest.New(permittest.Options{})
				srv.SeedAt(time.Now().Add(-time.Hour), threeUsers("ann admin default", "bob viewer default"))
				list := func(c *loadSettings) { c.extra = t.TempDir() + "/extra.jsonl" }
				got := load(t.Context(), srv, tt.input+endLineAt(time.Now()), tt.option, thenVerify, list)
				wantReport(t, got, tt.code)
				wantSays(t, got, "permitload: verified: Permit has what was loaded\n"+
					"permitload: verify did not look at: "+tt.says+"\n")
			})
		})
	}
	synctest.Test(t, func(t *testing.T) {
		got := load(t.Context(), permittest.New(permittest.Options{}), bobLine+endLine)
		if strings.Contains(got.stderr, "verif") {
			t.Errorf("nobody asked for a verification:\n%s", got.stderr)
		}
	})
}
