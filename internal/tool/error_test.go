package tool_test

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"a0permit/internal/tool"
)

func TestCode(t *testing.T) {
	t.Parallel()
	broken := errors.New("broken")
	tests := map[string]struct {
		err  error
		want int
	}{
		"none":             {nil, 0},
		"any":              {broken, 1},
		"hinted":           {tool.Hint(broken, "mend it"), 1},
		"usage":            {tool.Usage("no such thing"), 2},
		"wrapped usage":    {fmt.Errorf("--flag: %w", tool.Usage("no such thing")), 2},
		"hinted usage":     {tool.Hint(tool.Usage("no such thing"), "name one"), 2},
		"rejected":         {tool.ErrRejected, 3},
		"hinted rejected":  {tool.Hint(tool.ErrRejected, "see above"), 3},
		"joined":           {errors.Join(broken, tool.Usage("no such thing")), 2},
		"cancelled":        {fmt.Errorf("read: %w", context.Canceled), 130},
		"hinted cancelled": {tool.Hint(context.Canceled, "again"), 130},
		"late":             {context.DeadlineExceeded, 1},
		"given":            {&tool.Error{Err: broken, Code: tool.Terminated}, 143},
	}
	for name, tt := range tests {
		if got := tool.Code(tt.err); got != tt.want {
			t.Errorf("%s: Code = %d, want %d", name, got, tt.want)
		}
	}
}

func TestErrorKeepsItsCause(t *testing.T) {
	t.Parallel()
	broken := errors.New("broken")
	err := fmt.Errorf("load: %w", tool.Hint(fmt.Errorf("send: %w", broken), "again"))
	if !errors.Is(err, broken) || err.Error() != "load: send: broken" {
		t.Errorf("err = %q, which is broken: %t", err, errors.Is(err, broken))
	}
}

func TestPrintedError(t *testing.T) {
	t.Parallel()
	inner := tool.Hint(errors.New("broken"), "mend it", "or buy another")
	const innerHints = "demo: hint: mend it\ndemo: hint: or buy another\n"
	tests := map[string]struct {
		err  error
		want result
	}{
		"plain": {errors.New("broken"), result{code: 1, errs: "demo: error: broken\n"}},
		"hints": {inner, result{code: 1, errs: "demo: error: broken\n" + innerHints}},
		"innermost hint wins": {
			tool.Hint(fmt.Errorf("load: %w", inner), "give up"),
			result{code: 1, errs: "demo: error: load: broken\n" + innerHints},
		},
		"no hint within": {
			tool.Hint(fmt.Errorf("load: %w", tool.Usage("bad")), "give up"),
			result{code: 2, errs: "demo: error: load: bad\ndemo: hint: give up\n"},
		},
		"two errors": {
			errors.Join(inner, errors.New("so is that")),
			result{code: 1, errs: "demo: error: broken; so is that\n" + innerHints},
		},
		"two errors within another": {
			fmt.Errorf("load: %w (%w)", errors.Join(errors.New("a\nb"), inner), errors.New("c")),
			result{code: 1, errs: `demo: error: load: a\nb; broken (c)` + "\n" + innerHints},
		},
		"cancelled": {
			tool.Cancelled("--yes does not ask"),
			result{code: 1, errs: "demo: cancelled; nothing was written\ndemo: hint: --yes does not ask\n"},
		},
		"upstream": {
			fmt.Errorf("table: %w", tool.Upstream(errors.New("cut"))),
			result{code: 1, errs: "demo: stopped: the stage before failed: table: cut\n"},
		},
		"unread": {
			fmt.Errorf("write: %w", tool.ErrUnread),
			result{code: 141, errs: "demo: stopped: nobody reads what it writes: the command after it has ended\n"},
		},
		"rejected": {fmt.Errorf("load: %w", tool.ErrRejected), result{code: 3}}, // it was reported before
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			check(t, run(t.Context(), fail(tt.err)), tt.want)
			check(t, run(t.Context(), fail(tt.err), "-q"), tt.want) // errors are never silenced
		})
	}
}
