package reconcile_test

import (
	"encoding/json"
	"fmt"
	"math/big"
	"math/rand/v2"
	"strings"
	"testing"

	"a0permit/internal/reconcile"
	"a0permit/internal/record"
)

// sameValue reports whether two attributes, given as JSON, are the same. An empty text
// means no attribute.
func sameValue(t *testing.T, want, have string) bool {
	t.Helper()
	attributes := func(text string) *record.User {
		if text != "" {
			text = `"a":` + text
		}
		return parseUser(t, `{"key":"u","attributes":{`+text+`}}`)
	}
	// An attribute that the line lacks is not compared. So the value goes one level
	// down, where names on both sides count.
	if want == "" || have == "" {
		want, have = nested(want), nested(have)
	}
	_, same := reconcile.Overlay(attributes(want), attributes(have))
	return same
}

func nested(text string) string {
	if text == "" {
		return `{"other":true}`
	}
	return `{"other":true,"v":` + text + `}`
}

// Absent, null, "" and {} are the same, and numbers are compared by value.
func TestEqualValues(t *testing.T) {
	t.Parallel()
	long, huge := strings.Repeat("9", 500), strings.Repeat("9", 8<<20)
	tests := []struct {
		a, b string
		want bool
	}{
		{``, `null`, true},
		{``, `""`, true},
		{``, `{}`, true},
		{`null`, `{}`, true},
		{`{}`, `{"x":null}`, true},
		{``, `{"x":{"y":""}}`, true},
		{`""`, `null`, true},
		{``, `0`, false},
		{``, `false`, false},
		{``, `[]`, false},
		{`null`, `" "`, false},
		{`"a"`, `"a"`, true},
		{`"a"`, `"A"`, false},
		{`true`, `true`, true},
		{`true`, `false`, false},
		{`true`, `"true"`, false},
		{`1`, `"1"`, false},
		{`1`, `true`, false},
		{`0`, `false`, false},
		{`[]`, `[]`, true},
		{`[1,2]`, `[1.0,2e0]`, true},
		{`[1,2]`, `[2,1]`, false},
		{`[1,2]`, `[1]`, false},
		{`[1]`, `[1,2]`, false},
		{`[1]`, `1`, false},
		{`[null]`, `[""]`, true},
		{`{"x":1}`, `{"x":1.0}`, true},
		{`{"x":1}`, `{"x":1,"y":null}`, true},
		{`{"x":1,"y":""}`, `{"x":1}`, true},
		{`{"x":1}`, `{"x":1,"y":2}`, false},
		{`{"x":1,"y":2}`, `{"x":1}`, false},
		{`{"x":1}`, `[1]`, false},
		{`{"x":[{"y":1}]}`, `{"x":[{"y":2}]}`, false},

		{`1`, `1.0`, true},
		{`1`, `1e0`, true},
		{`1`, `1E+0`, true},
		{`1`, `10e-1`, true},
		{`100`, `1e2`, true},
		{`1`, `-1`, false},
		{`0`, `-0`, true},
		{`0`, `0.000e77`, true},
		{`0.1`, `0.10`, true},
		{`0.1`, `0.01`, false},
		{`12345678901234567`, `12345678901234567`, true},
		{`12345678901234567`, `12345678901234568`, false}, // the same float64
		{`12345678901234567`, `12345678901234567.0`, true},
		{`0.30000000000000001`, `0.3`, false},
		{`1e400`, `1e400`, true},
		{`1e400`, `10e399`, true},
		{`1e400`, `1e401`, false},
		{`1e400`, `-1e400`, false},
		{`1e-400`, `0.1e-399`, true},
		{`1e-400`, `0`, false},
		{`1e-400`, `1e-401`, false},
		{`0e999999999`, `0`, true},
		{`1e999999999`, `1e999999999`, true},
		{`1e999999999`, `1e-999999999`, false},
		{`1e99999999999999999999999`, `10e99999999999999999999998`, true},
		{`0e` + huge, `0`, true},
		{`1e` + huge, `1e` + huge, true}, // and this must be fast
		{`1e` + huge, `2e` + huge, false},
		{`1` + huge, `1` + huge + `.0`, true},
		{long, long, true},
		{long, long + ".0", true},
		{long, long[1:] + "8", false},
	}
	for _, tt := range tests {
		name := fmt.Sprintf("%.30s and %.30s", tt.a, tt.b)
		if got := sameValue(t, tt.a, tt.b); got != tt.want {
			t.Errorf("%s: same = %v", name, got)
		}
		if got := sameValue(t, tt.b, tt.a); got != tt.want {
			t.Errorf("%s, turned round: same = %v", name, got)
		}
	}
}

// A caller that decodes without UseNumber has float64s. They equal the number as which
// they are written.
func TestFloatsStandForTheirText(t *testing.T) {
	t.Parallel()
	tests := []struct {
		float float64
		text  string
		want  bool
	}{
		{1, "1.0", true},
		{0.1, "0.1", true},
		{1e300, "1e300", true},
		{-2.5, "-25e-1", true},
		{0.1, "0.2", false},
	}
	for _, tt := range tests {
		a := &record.User{Attributes: map[string]any{"a": tt.float}}
		b := &record.User{Attributes: map[string]any{"a": json.Number(tt.text)}}
		if _, got := reconcile.Overlay(a, b); got != tt.want {
			t.Errorf("%v and %s: same = %v", tt.float, tt.text, got)
		}
		if _, got := reconcile.Overlay(b, a); got != tt.want {
			t.Errorf("%s and %v: same = %v", tt.text, tt.float, got)
		}
	}
}

// Numbers are equal if and only if they are the same rational.
func TestNumbersAreEqualAsRationals(t *testing.T) {
	t.Parallel()
	rng := rand.New(rand.NewPCG(1, 2))
	// Few digits and small powers, so that equal numbers are frequent.
	number := func() string {
		text := []string{"", "-"}[rng.IntN(2)] + []string{"0", "1", "10", "100", "12", "120"}[rng.IntN(6)]
		text += []string{"", ".0", ".5", ".10", ".001"}[rng.IntN(5)]
		if rng.IntN(2) == 0 {
			text += fmt.Sprintf("e%d", rng.IntN(9)-4)
		}
		return text
	}
	same := 0
	for range 5000 {
		a, b := number(), number()
		x, _ := new(big.Rat).SetString(a)
		y, _ := new(big.Rat).SetString(b)
		want := x.Cmp(y) == 0
		if want {
			same++
		}
		if got := sameValue(t, a, b); got != want {
			t.Fatalf("%s and %s: same = %v", a, b, got)
		}
	}
	if same < 40 {
		t.Errorf("only %d pairs were the same: the test tests little", same)
	}
}
