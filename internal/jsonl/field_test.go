package jsonl_test

import (
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
	for _, line := range []string{`[]`, `1`, `{"a":}`, ``} {
		if got, err := jsonl.SetField([]byte(line), "error", 1); err == nil {
			t.Errorf("SetField(%s) = %s, want an error", line, got)
		}
	}
}
