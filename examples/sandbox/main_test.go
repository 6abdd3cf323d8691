package main

import (
	"os"
	"strings"
	"testing"
)

// The README promises that the sandbox runs its very pipe.
func TestPipeIsTheReadmes(t *testing.T) {
	t.Parallel()
	readme, err := os.ReadFile("../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(readme), "\n"+pipe+"\n") {
		t.Errorf("README.md does not show the line %q", pipe)
	}
}
