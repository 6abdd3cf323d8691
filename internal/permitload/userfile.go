package permitload

import (
	"context"
	"fmt"
	"iter"
	"time"

	"a0permit/internal/jsonl"
	"a0permit/internal/record"
	"a0permit/internal/tool"
)

// extraFile writes the users in Permit that the input lacks, and the permissions that
// roles have there beyond their lines. It is a complete stream that can be fed to a run.
// It implements snapshot.Extras.
type extraFile struct {
	ctx   context.Context //nolint:containedctx // snapshot.Extras has no parameter for it
	tool  *tool.Tool
	path  string
	now   func() time.Time // by Permit's clock
	roles iter.Seq[record.Role]
	began time.Time
	file  *tool.Output
	out   *jsonl.Writer
	in    map[string]int // number of lines by type
}

// Begin begins the file anew.
func (e *extraFile) Begin() error {
	e.abort()
	e.began, e.in = e.now(), map[string]int{}
	file, err := e.tool.Create(e.ctx, e.path)
	if err != nil {
		return extraError(err)
	}
	e.file, e.out = file, jsonl.NewWriter(file)
	for role := range e.roles {
		e.in[record.TypeRole]++
		if err := e.out.Write(role); err != nil {
			return extraError(err)
		}
	}
	return nil
}

// Add writes a user.
func (e *extraFile) Add(u *record.User) error {
	e.in[record.TypeUser]++
	return extraError(e.out.Write(u))
}

// End completes the file and gives it its name.
func (e *extraFile) End() error {
	err := e.out.Write(endOf(e.in, e.began))
	if err == nil {
		err = e.out.Flush()
	}
	if err == nil {
		err = e.file.Commit()
	}
	return extraError(err)
}

// abort removes the file unless it is complete.
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

// endOf returns the end line of a file with so many lines by type, as of a time. The zero
// time is an unknown one.
func endOf(lines map[string]int, asOf time.Time) record.End {
	end := record.End{
		Type: record.TypeEnd, Complete: true,
		Users: lines[record.TypeUser], Roles: lines[record.TypeRole], Tenants: lines[record.TypeTenant],
	}
	if !asOf.IsZero() {
		end.AsOf = asOf.UTC().Format(time.RFC3339)
	}
	return end
}
