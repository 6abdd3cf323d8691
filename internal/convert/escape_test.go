package convert_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"a0permit/internal/convert"
)

// unescape returns the rows of a table without their escaping. It leaves out those that
// are at fault.
func unescape(t *testing.T, header string, rows []string, o convert.Options) ([]string, error) {
	t.Helper()
	table, err := convert.NewTable(strings.Split(header, ","), &o)
	if err != nil {
		t.Fatal(err)
	}
	escaping, sample := table.Escaping(), table.NewSample()
	if escaping == convert.Undecided {
		for i, row := range rows {
			sample.Add(strings.Split(row, ","), i+2)
		}
		if escaping, err = sample.Escaping(); err != nil {
			return nil, err
		}
	}
	var got []string
	for _, row := range rows {
		cells := strings.Split(row, ",")
		if fault := table.Unescape(cells, escaping); fault == nil {
			got = append(got, strings.Join(cells, ","))
		}
	}
	return got, nil
}

func TestUnescape(t *testing.T) {
	t.Parallel()
	const header = "user_id,family_name,roles,organizations,date"
	tests := []struct {
		name, header string
		rows, want   []string
	}{
		{
			"escaped", header,
			[]string{"'auth0|1,''t Hooft,[],[],2026-01-01", "'auth0|2,'O'Neil,'x,'y,", "'auth0|3,',,,"},
			[]string{"auth0|1,'t Hooft,[],[],2026-01-01", "auth0|2,O'Neil,'x,'y,", "auth0|3,,,,"},
		},
		{
			"plain", header,
			[]string{"auth0|1,'t Hooft,[],[],", "auth0|2,O'Neil,[],[],", "'auth0|3,x,[],[],"},
			[]string{"auth0|1,'t Hooft,[],[],", "auth0|2,O'Neil,[],[],", "'auth0|3,x,[],[],"},
		},
		{
			"ids that are numbers", header,
			[]string{"1,'x,[],[],", "2.5,''t Hooft,[],[],2026-01-01T00:00:00.000Z", "-3,,true,False,2026-01-01T00:00:00+00:00"},
			[]string{"1,x,[],[],", "2.5,'t Hooft,[],[],2026-01-01T00:00:00.000Z", "-3,,true,False,2026-01-01T00:00:00+00:00"},
		},
		{"nothing tells", header, []string{"1,,[\"'a\"],'x,", ",,,,"}, []string{"1,,[\"'a\"],'x,", ",,,,"}},
		{"digits that are no number", "user_id,x", []string{"0a,'t", "0b,1-2"}, []string{"0a,'t", "0b,1-2"}},
		{
			"rows before the first id", header,
			[]string{",'x,[],[],", "'auth0|2,''t Hooft,[],[],"},
			[]string{",x,[],[],", "auth0|2,'t Hooft,[],[],"},
		},
		{
			"a ragged row tells nothing", header,
			[]string{"'x", "auth0|2,Hooft,[],[],"},
			[]string{"'x", "auth0|2,Hooft,[],[],"},
		},
		{
			"a ragged row of an escaped table", header,
			[]string{"'auth0|1,'x,[],[],", "'auth0|2,'x,'[],'[],'x,'y"},
			[]string{"auth0|1,x,[],[],", "auth0|2,x,'[],'[],x,y"},
		},
		{
			"rejected rows", "user_id,x,reject_reason",
			[]string{"'auth0|1,'=1+1,x", "auth0|2,'t Hooft,x", "auth0|3,'''-,x"},
			[]string{"'auth0|1,=1+1,x", "auth0|2,'t Hooft,x", "auth0|3,''-,x"},
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got, err := unescape(t, tt.header, tt.rows, convert.Options{})
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("rows (-want +got):\n%s", diff)
			}
		})
	}
}

// A kind of text decides if it is at least twice as frequent as the other.
func TestEscapingByMajority(t *testing.T) {
	t.Parallel()
	const header = "user_id,a,b"
	for rows, want := range map[string]string{
		"'x,'a,b":         "x,a,b",
		"x,a,'b":          "x,a,'b",
		"'x,b,":           "",
		"'x,'a,;b,'c,d;,": "",
		"'x,'a,b;'c,'d,e": "x,a,b;c,d,e",
	} {
		got, err := unescape(t, header, strings.Split(rows, ";"), convert.Options{})
		mixed := (*convert.MixedError)(nil)
		if text := strings.Join(got, ";"); text != want || (want == "") != errors.As(err, &mixed) {
			t.Errorf("%s: %q, %v; want %q", rows, text, err, want)
		}
	}
	const doubtful = "'x,'y,z"
	for escaping, want := range map[convert.Escaping]string{convert.Escaped: "x,y,z", convert.Plain: doubtful} {
		got, err := unescape(t, header, []string{doubtful}, convert.Options{Escaping: escaping})
		if err != nil || got[0] != want {
			t.Errorf("escaping %d: %q, %v; want %q", escaping, got, err, want)
		}
	}
}

// A row with the other escaping is a fault if reading it like its table would change
// it.
func TestRowsUnlikeTheirTable(t *testing.T) {
	t.Parallel()
	const header = "user_id,email,given_name,family_name"
	plain, escaped := []string{"auth0|1,a@b.co,Ann,Lee"}, []string{"'auth0|1,'a@b.co,'Ann,'Lee"}
	for _, tt := range []struct {
		table []string
		row   string
		fault bool
	}{
		{plain, "7,'a@b.co,'Ann,'Lee", true},
		{plain, "7,'a@b.co,,", true},
		{plain, "7,,,'t Hooft", false},
		{plain, "auth0|2,c@d.co,'Ab,'t Hooft", false},
		{plain, "auth0|2,c@d.co,,", false},
		{escaped, "auth0|2,c@d.co,Cy,'t Hooft", true},
		{escaped, "auth0|2,,,'t Hooft", true},
		{escaped, "auth0|2,c@d.co,Cy,Lee", false},
		{escaped, "'auth0|2,c@d.co,Cy,Lee", false}, // edited by hand
		{escaped, "7,'c@d.co,,", false},
	} {
		rows := append(append([]string{}, tt.table[0], tt.table[0], tt.table[0]), tt.row)
		got, err := unescape(t, header, rows, convert.Options{})
		if err != nil || (len(got) == len(rows)-1) != tt.fault {
			t.Errorf("%s after %s: %q, %v; want a fault: %v", tt.row, tt.table[0], got, err, tt.fault)
		}
	}
}

// A guarded cell is not a formula, and unguarding restores it.
func FuzzGuard(f *testing.F) {
	for _, cell := range []string{
		"", "a", "'", "''", "'''", "'t Hooft", "=1+1", "'=1+1", "''=1", "+1", "-1", "@a", "\tx", "\rx", "\n=",
		"＝1", "'＋", "\xff", "'\xff",
	} {
		f.Add(cell)
	}
	f.Fuzz(func(t *testing.T, cell string) {
		guarded := convert.Guard(cell)
		if first := strings.TrimLeft(guarded[:min(1, len(guarded))], "=+-@\t\r\n"); first == "" && guarded != "" {
			t.Errorf("%q is guarded as %q", cell, guarded)
		}
		table, err := convert.NewTable([]string{"user_id", "reject_reason"}, &convert.Options{})
		if err != nil {
			t.Fatal(err)
		}
		cells := []string{guarded, ""}
		if fault := table.Unescape(cells, table.Escaping()); fault != nil || cells[0] != cell {
			t.Errorf("%q is guarded as %q, and comes back as %q, %v", cell, guarded, cells[0], fault)
		}
	})
}
