package jsonl_test

import (
	"encoding/json"
	"fmt"
	"reflect"
	"strings"
	"testing"

	"a0permit/internal/jsonl"
)

func TestSetField(t *testing.T) {
	t.Parallel()
	tests := []struct{ line, want string }{
		{`{"type":"user","key":"a"}`, `{"type":"user","key":"a","error":{"code":"x<y"}}`},
		{`{"type":"user","error":{"code":"old"},"key":"a"}`, `{"type":"user","key":"a","error":{"code":"x<y"}}`},
		{`{"error":1,"type":"user"}`, `{"type":"user","error":{"code":"x<y"}}`},
		{`{ "error" : 1 , "type" : "user" }`, `{ "type" : "user","error":{"code":"x<y"}}`},
		{`{"error":1}`, `{"error":{"code":"x<y"}}`},
		{`{"error":1,"error":2,"n":12345678901234567890}`, `{"n":12345678901234567890,"error":{"code":"x<y"}}`},
		{`{}`, `{"error":{"code":"x<y"}}`},
		{`{"a":{"error":1}}`, `{"a":{"error":1},"error":{"code":"x<y"}}`},
	}
	for _, tt := range tests {
		got, err := jsonl.SetField([]byte(tt.line), "error", map[string]string{"code": "x<y"})
		if err != nil {
			t.Errorf("SetField(%s): %v", tt.line, err)
			continue
		}
		if string(got) != tt.want {
			t.Errorf("SetField(%s) = %s, want %s", tt.line, got, tt.want)
		}
	}
	deep := `{"a":` + strings.Repeat("[", 20_000) + strings.Repeat("]", 20_000)
	if got, err := jsonl.SetField([]byte(deep+`,"error":1}`), "error", 2); string(got) != deep+`,"error":2}` {
		t.Errorf("SetField of a deep line: %.20s..., %v", got, err)
	}
	for _, line := range []string{`[]`, `1`, `{"a":}`, ``} {
		if got, err := jsonl.SetField([]byte(line), "error", 1); err == nil {
			t.Errorf("SetField(%s) = %s, want an error", line, got)
		}
	}
}

// Members yields the bytes of each member. If the text is cut or not an object, the
// members before that place come first, and then an error.
func TestMembers(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		`{}`:              ``,
		` { } `:           ``,
		`{"a":1,"b":"x"}`: `"a"=1 "b"="x" `,
		"{ \"a\" :\t[1, {\"b\":2}] ,\r\"c\":null }": `"a"=[1, {"b":2}] "c"=null `,
		`{"a\"}":"\\","b":"\"}]"}`:                  `"a\"}"="\\" "b"="\"}]" `,
		`{"a":1,"a":2}`:                             `"a"=1 "a"=2 `,
		`{"a":1,"b":[1,"cut`:                        `"a"=1 error`,
		`{"a":1,"b`:                                 `"a"=1 error`,
		`{"a":1`:                                    `error`,
		`{"a":1,}`:                                  `"a"=1 error`,
		`{"a" 1}`:                                   `error`,
		`{"a":}`:                                    `error`,
		`{a:1}`:                                     `error`,
		`{"a":1 "b":2}`:                             `"a"=1 error`,
		`{,"a":1}`:                                  `error`,
		`{`:                                         `error`,
		`[{"a":1}]`:                                 `error`,
		`"a"`:                                       `error`,
		``:                                          `error`,
	} {
		var got strings.Builder
		for m, err := range jsonl.Members([]byte(text)) {
			if err != nil {
				got.WriteString("error")
				continue
			}
			fmt.Fprintf(&got, "%s=%s ", m.Name, m.Value)
		}
		if got.String() != want {
			t.Errorf("%s: %s, want %s", text, got.String(), want)
		}
	}
}

func TestDepth(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]struct {
		depth   int
		isWhole bool
	}{
		`{}`:                  {1, true},
		` {"a":[[]],"b":{}} `: {3, true},
		`{"a":"[[[\"[["}`:     {1, true},
		`[[]`:                 {2, false},
		`[]]`:                 {1, false},
		`{} {}`:               {1, false},
		`{"a":"}`:             {1, false},
		`1`:                   {0, false},
		``:                    {0, false},
	} {
		if depth, isWhole := jsonl.Depth([]byte(text)); depth != want.depth || isWhole != want.isWhole {
			t.Errorf("%s: depth %d, whole %v, want %+v", text, depth, isWhole, want)
		}
	}
}

// For any object, SetField gives the same as decoding it, setting the field and
// encoding it.
func FuzzSetField(f *testing.F) {
	f.Add(`{"a":1,"error":{"b":[2,"}"]},"c":"\\\""}`)
	f.Add(" { \"err\\u006fr\" : null }\r")
	f.Fuzz(func(t *testing.T, line string) {
		var want, have map[string]any
		if json.Unmarshal([]byte(line), &want) != nil || want == nil {
			return
		}
		got, err := jsonl.SetField([]byte(line), "error", "new")
		if err != nil {
			t.Fatal(err)
		}
		want["error"] = "new"
		if err := json.Unmarshal(got, &have); err != nil || !reflect.DeepEqual(want, have) {
			t.Errorf("%s became %s: %v", line, got, err)
		}
		if deepest, isWhole := jsonl.Depth([]byte(line)); deepest < 1 || !isWhole {
			t.Errorf("%s: depth %d, whole %v", line, deepest, isWhole)
		}
	})
}
