package record_test

import (
	"testing"

	"a0permit/internal/record"
)

func TestKeyOfRole(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]string{
		"Admin":          "Admin",
		"QA_Lead-2":      "QA_Lead-2",
		"Billing Viewer": "billing-viewer",
		" Admin ":        "admin",
		"Général":        "general",
		"管理员":            "guan-li-yuan",
		"🚀":              "",
		"":               "",
	} {
		if got := record.KeyOfRole(name); got != want {
			t.Errorf("KeyOfRole(%q) = %q, want %q", name, got, want)
		}
	}
}
