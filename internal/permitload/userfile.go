package permitload

import (
	"context"
	"fmt"
	"time"

	"a0permit/internal/jsonl"
	"a0permit/internal/record"
	"a0permit/internal/tool"
)

// extraFile writes the users that Permit has and the input lacks. It is a stream of
// its own, so that it can be fed to a run. It implements snapshot.Extras.
type extraFile struct {
	ctx   context.Context //nolint:containedctx // snapshot.Extras has no parameter for it
	tool  *tool.Tool
	path  string
	now   func() time.Time // by Permit's clock
	began time.Time
	file  *tool.Output
	out   *jsonl.Writer
	n     int
}

// Begin begins the file anew.
func (e *extraFile) Begin() error {
	e.abort()
	e.began, e.n = e.now(), 0
	file, err := e.tool.Create(e.ctx, e.path)
	if err != nil {
		return extraError(err)
	}
	e.file, e.out = file, jsonl.NewWriter(file)
	return nil
}

// Add writes a user.
func (e *extraFile) Add(u *record.User) error {
	e.n++
	return extraError(e.out.Write(u))
}

// End ends the file, and gives it its name.
func (e *extraFile) End() error {
	err := e.out.Write(endOf(e.n, 0, e.began))
	if err == nil {
		err = e.out.Flush()
	}
	if err == nil {
		err = e.file.Commit()
	}
	return extraError(err)
}

// abort leaves no file behind, unless it was committed.
func (e *extraFile) abort() {
	if e.file != nil {
		e.file.Abort()
	}
}

func extraError(err error) error {
	if err != nil {
		err = fmt.Errorf("--extra: %w", err)
	}
	return err
}

// endOf returns the end line of a file of ours, which was true at that time; zero is
// an unknown one.
func endOf(users, tenants int, asOf time.Time) record.End {
	end := record.End{Type: record.TypeEnd, Complete: true, Users: users, Tenants: tenants}
	if !asOf.IsZero() {
		end.AsOf = asOf.UTC().Format(time.RFC3339)
	}
	return end
}
