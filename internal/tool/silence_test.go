package tool_test

import (
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/urfave/cli/v2"

	"a0permit/internal/tool"
)

// A run that waits for a service says so after half a minute of silence, and again. It
// does not when it speaks itself, while a question is open, or with -q.
func TestSilenceIsBroken(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name string
		args []string
		do   func(t *tool.Tool)
		want string
	}{
		{
			"a service that says nothing", nil, func(*tool.Tool) { time.Sleep(70 * time.Second) },
			"demo: waiting for Auth0, 0:30\ndemo: waiting for Auth0, 1:00\n",
		},
		{"something is said in between", nil, func(t *tool.Tool) {
			time.Sleep(25 * time.Second)
			t.Say("hello")
			time.Sleep(35 * time.Second)
		}, "demo: hello\ndemo: waiting for Auth0, 0:30\n"},
		{"progress", nil, func(t *tool.Tool) {
			p := t.Progress("users", 0)
			time.Sleep(45 * time.Second)
			p.End()
		}, "demo: users: 0, 0/s\n"},
		{"quiet", []string{"-q"}, func(*tool.Tool) { time.Sleep(70 * time.Second) }, ""},
		{"never", []string{"--progress", "never"}, func(*tool.Tool) { time.Sleep(70 * time.Second) }, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				var errs strings.Builder
				demo := tool.New("demo", strings.NewReader(""), &strings.Builder{}, &errs)
				code := demo.Run(t.Context(), &cli.App{Action: func(*cli.Context) error {
					demo.WaitsFor("Auth0")
					tt.do(demo)
					return nil
				}}, append([]string{"demo"}, tt.args...))
				if code != tool.Done || errs.String() != tt.want {
					t.Errorf("exit %d, stderr %q, want %q", code, errs.String(), tt.want)
				}
			})
		})
	}
}
