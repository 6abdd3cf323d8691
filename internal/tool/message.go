package tool

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"
)

// Say prints a message for people, unless --quiet is set.
func (t *Tool) Say(format string, args ...any) {
	if !t.quiet {
		t.message(slog.LevelInfo, "", fmt.Sprintf(format, args...))
	}
}

// SayCounts is Say for a message with numbers. With --log-format json they are also
// fields.
func (t *Tool) SayCounts(text string, counts ...slog.Attr) {
	if !t.quiet {
		t.message(slog.LevelInfo, "", text, counts...)
	}
}

// Warn prints what people should know but need not act on now.
func (t *Tool) Warn(format string, args ...any) {
	if !t.quiet {
		t.message(slog.LevelWarn, "warning", fmt.Sprintf(format, args...))
	}
}

// WarnCounts is Warn for a message with numbers. With --log-format json they are also
// fields.
func (t *Tool) WarnCounts(text string, counts ...slog.Attr) {
	if !t.quiet {
		t.message(slog.LevelWarn, "warning", text, counts...)
	}
}

// Hint prints what people can type, after a warning.
func (t *Tool) Hint(format string, args ...any) {
	if !t.quiet {
		t.message(slog.LevelInfo, "hint", fmt.Sprintf(format, args...))
	}
}

// Problem reports a record that was set aside. Like every error, it is printed even with
// --quiet.
func (t *Tool) Problem(format string, args ...any) {
	t.message(slog.LevelError, "error", fmt.Sprintf(format, args...))
}

// LogsJSON reports whether messages are JSON records, which have fields.
func (t *Tool) LogsJSON() bool { return t.json }

func (t *Tool) printError(err error) {
	if err == nil || errors.Is(err, ErrRejected) {
		return
	}
	kind := kindOf(err)
	level := slog.LevelError
	if kind == cancelled {
		level = slog.LevelInfo
	}
	t.message(level, kind.label, kind.before+textOf(err))
	for _, hint := range hints(err) {
		t.message(slog.LevelInfo, "hint", hint)
	}
}

// message writes one line for people. These lines are the tool's interface, not its log,
// so no log level hides them. With --log-format json they are records like all others.
// Errors of stderr are ignored, since nobody would see them.
func (t *Tool) message(level slog.Level, label, text string, attrs ...slog.Attr) {
	t.mu.Lock()
	t.spoke = time.Now()
	t.mu.Unlock()
	if t.json {
		line := slog.NewRecord(time.Now(), level, text, 0)
		line.AddAttrs(slog.String("tool", t.Name), slog.String("kind", cmp.Or(label, "message")))
		line.AddAttrs(attrs...)
		_ = slog.NewJSONHandler(t.Err, nil).Handle(context.Background(), line)
		return
	}
	if label != "" {
		label += ": "
	}
	_, _ = fmt.Fprintf(t.Err, "%s: %s%s\n", t.Name, label, oneLine(text))
}

// waitEnd returns when the wait ends that people were told about.
func (t *Tool) waitEnd() time.Time {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.waitUntil
}

// isCounting reports whether a Progress is shown.
func (t *Tool) isCounting() bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.counting
}

// setCounting sets whether a Progress is shown.
func (t *Tool) setCounting(counting bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.counting = counting
}

// isStarved reports whether stdin is being read and has delivered nothing yet.
func (t *Tool) isStarved() bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.starved
}

func (t *Tool) setStarved(starved bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.starved = starved
}

// Waiting reports a wait that people would notice, once for all calls that wait for the
// same thing.
func (t *Tool) Waiting(wait time.Duration, why string) {
	until := time.Now().Add(wait)
	t.mu.Lock()
	known := !until.After(t.waitUntil.Add(time.Second))
	if !known {
		t.waitUntil = until
	}
	t.mu.Unlock()
	if known {
		return
	}
	t.Log.Info("waiting", "wait", wait.Round(time.Millisecond), "why", why)
	if wait >= 5*time.Second {
		t.Say("waiting until %s: %s", until.Format(time.TimeOnly), why)
	}
}
