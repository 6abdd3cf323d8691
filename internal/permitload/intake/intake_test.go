package intake_test

import (
	"errors"
	"io"
	"slices"
	"strings"
	"testing"
	"time"

	"a0permit/internal/jsonl"
	"a0permit/internal/permitload/intake"
	"a0permit/internal/reconcile"
	"a0permit/internal/record"
)

func newInput(t *testing.T) *intake.Input {
	t.Helper()
	in := intake.New(reconcile.NewDesired(reconcile.Rules{Tenant: "default"}))
	t.Cleanup(in.Close)
	return in
}

// readPipe reads text as from a pipe, which cannot be read again in place.
func readPipe(t *testing.T, in *intake.Input, name, text string) {
	t.Helper()
	if err := in.Read(name, io.MultiReader(strings.NewReader(text)), nil); err != nil {
		t.Fatal(err)
	}
}

// Lines can be read and located again, whether their source is read in place or was
// copied to the temporary file, which holds several sources. BOM, CRLF and empty lines
// are not part of them.
func TestLinesAreReadAgain(t *testing.T) {
	t.Parallel()
	const (
		bom    = "\ufeff"
		ann    = `{"type":"user","key":"ann","first_name":"Änn"}`
		bob    = `{"type":"user","key":"bob"}`
		cid    = `{"type":"user","key":"cid"}`
		dan    = `{"type":"user","key":"dan"}`
		eve    = `{"type":"user","key":"eve"}`
		admin  = `{"type":"role","key":"admin"}`
		broken = `{"type":"user","key":"no good"}`
	)
	file := bom + ann + "\r\n\r\n" + bob + "\r\n"
	in := newInput(t)
	readPipe(t, in, "first pipe", bom+cid+"\r\n"+admin+"\n")
	if err := in.Read("file", strings.NewReader(file), strings.NewReader(file)); err != nil {
		t.Fatal(err)
	}
	readPipe(t, in, "second pipe", bom+dan+"\n\n"+broken+"\r\n"+eve)

	check := func(at intake.Line, text, where string) {
		t.Helper()
		if got, err := in.Text(at); err != nil || string(got) != text {
			t.Errorf("text %q, %v; want %q", got, err, text)
		}
		if got, err := in.Where(at); err != nil || got != where {
			t.Errorf("where %q, %v; want %q", got, err, where)
		}
	}
	for i, want := range []struct{ key, text, where string }{
		{"cid", cid, "first pipe: line 1"},
		{"ann", ann, "file: line 1"},
		{"bob", bob, "file: line 3"},
		{"dan", dan, "second pipe: line 1"},
		{"eve", eve, "second pipe: line 4"},
	} {
		if u, err := in.User(i); err != nil || u.Key != want.key {
			t.Errorf("user %d: %+v, %v; want %s", i, u, err, want.key)
		}
		check(in.UserLine(i), want.text, want.where)
	}
	if len(in.Catalogue) != 1 || len(in.Rejects) != 1 {
		t.Fatalf("lines of roles and tenants %+v, rejects %+v", in.Catalogue, in.Rejects)
	}
	check(in.Catalogue[0].Line, admin, "first pipe: line 2")
	check(in.Rejects[0].Line, broken, "second pipe: line 3")
}

// A line that has changed by as little as a byte is an error, whether it is long or
// short.
func TestFileThatChanges(t *testing.T) {
	t.Parallel()
	const (
		user    = `{"type":"user","key":"ann"}`
		changed = "file: line 2 has changed since it was read"
	)
	long := `{"type":"user","key":"ann","attributes":{"a":"` + strings.Repeat("x", jsonl.MaxText) + `"}}`
	for name, tt := range map[string]struct{ before, later, says string }{
		"as it was":                 {user, user, ""},
		"another key":               {user, strings.Replace(user, "ann", "eve", 1), changed},
		"cut short":                 {user, user[:20], changed},
		"cut before":                {user, "", changed},
		"no JSON":                   {user, strings.ReplaceAll(user, `"`, "'"), "has changed"},
		"a space":                   {user + " ", " " + user, "has changed"},
		"a long line":               {long, long, ""},
		"a long line, its end":      {long, strings.Replace(long, `x"`, `y"`, 1), changed},
		"a long line, a mark first": {"\ufeff" + long, "\ufeff" + long, ""},
		"a long line, cut short":    {long, long[:jsonl.MaxText], "has changed"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			const first = `{"type":"user","key":"zoe"}` + "\n"
			in := newInput(t)
			file := &changingFile{first + tt.before}
			if err := in.Read("file", strings.NewReader(file.text), file); err != nil {
				t.Fatal(err)
			}
			file.text = first + tt.later
			var err error
			if len(in.Rejects) > 0 {
				_, err = in.LongText(in.Rejects[0].Line)
			} else {
				_, err = in.User(1)
			}
			if errors.Is(err, intake.ErrChanged) != (tt.says != "") || err != nil && !strings.Contains(err.Error(), tt.says) {
				t.Errorf("error %v, want %q", err, tt.says)
			}
		})
	}
}

// changingFile is a file that somebody writes to.
type changingFile struct{ text string }

func (r *changingFile) ReadAt(p []byte, at int64) (int, error) {
	return strings.NewReader(r.text).ReadAt(p, at)
}

// Each line counts for its type. A user line that says the same as an earlier one is a
// repeat, and one that differs is a reject.
func TestLinesAreCounted(t *testing.T) {
	t.Parallel()
	in := newInput(t)
	readPipe(t, in, "stdin", strings.Join([]string{
		`{"type":"role","key":"r"}`, `{"type":"role","key":"r"}`, `{"type":"role","key":"a b"}`,
		`{"type":"tenant","key":"acme"}`,
		`{"type":"user","key":"ann"}`, `{"key":"ann", "type":"user"}`, `{"type":"user","key":"ann","first_name":"Ann"}`,
		`{"type":"user","key":"bob"}`, `{"type":"end","complete":true}`,
	}, "\n"))
	if in.In["role"] != 3 || in.In["tenant"] != 1 || in.In["user"] != 4 || in.Repeats != 1 || in.Ends.Count != 1 {
		t.Errorf("in %v, %d repeats, %d ends", in.In, in.Repeats, in.Ends.Count)
	}
	var rejects []string
	for _, r := range in.Rejects {
		rejects = append(rejects, r.Type+" "+r.Fault.Code)
	}
	if !slices.Equal(rejects, []string{"role invalid_record", "user differing_lines"}) {
		t.Errorf("rejects %q", rejects)
	}
}

// The end lines of joined streams are combined: as_of is the oldest, or unknown if one
// of them has none, and the data is incomplete if one of them says so.
func TestEndLinesCountTogether(t *testing.T) {
	t.Parallel()
	const (
		noon    = `{"type":"end","complete":true,"as_of":"2026-11-25T12:00:00Z"}`
		later   = `{"type":"end","complete":true,"as_of":"2026-11-25T15:00:00+02:00"}`
		undated = `{"type":"end","complete":true}`
		cut     = `{"type":"end","complete":false,"reason":"the first","as_of":"2026-11-25T12:00:00Z"}`
		cutToo  = `{"type":"end","complete":false,"reason":"the second","as_of":"2026-11-25T12:00:00Z"}`
	)
	atNoon := time.Date(2026, 11, 25, 12, 0, 0, 0, time.UTC)
	for name, tt := range map[string]struct {
		ends   []string
		asOf   time.Time
		reason string
	}{
		"one":               {[]string{noon}, atNoon, ""},
		"the oldest first":  {[]string{noon, later}, atNoon, ""},
		"the oldest last":   {[]string{later, noon}, atNoon, ""},
		"undated, and then": {[]string{undated, noon}, time.Time{}, ""},
		"then undated":      {[]string{noon, undated, noon}, time.Time{}, ""},
		"the first reason":  {[]string{noon, cut, cutToo}, atNoon, "the first"},
		"none":              {nil, time.Time{}, ""},
	} {
		in := newInput(t)
		readPipe(t, in, "stdin", strings.Join(tt.ends, "\n"))
		e := in.Ends
		if e.Count != len(tt.ends) || !e.AsOf.Equal(tt.asOf) || e.Reason != tt.reason || e.Incomplete != (tt.reason != "") {
			t.Errorf("%s: %+v", name, e)
		}
	}
}

// A foreign line makes the whole stream suspect, and the error says where it is.
func TestForeignLineIsAnError(t *testing.T) {
	t.Parallel()
	in := newInput(t)
	err := in.Read("file", strings.NewReader("{\"type\":\"user\",\"key\":\"ann\"}\n\nuser_id,email\n"), nil)
	if !errors.Is(err, record.ErrForeign) || !strings.HasPrefix(err.Error(), "file: line 3: ") {
		t.Errorf("error: %v", err)
	}
}
