package a0tojsonl

import (
	"context"
	"fmt"
	"time"

	"a0permit/internal/convert"
	"a0permit/internal/jsonl"
	"a0permit/internal/tool"
)

// runner runs one conversion.
type runner struct {
	tool    *tool.Tool
	options convert.Options
	strict  bool
	parallelism
	catalogue *convert.Catalogue
	out       *jsonl.Writer
	rejects   *rejects
	report    report
	progress  *tool.Progress

	faults       faults
	withoutRole  int  // memberships left out
	formIsChosen bool // --permission-form was given
	bareIDs      int  // users whose id has no provider before a |
	rolesOnly    bool // a table has the users' roles, but not their organizations
	asOf         time.Time
}

func run(ctx context.Context, t *tool.Tool, conf config) error {
	var err error
	if conf.options.RoleMap, err = readRoleMap(ctx, t, conf.roleMap); err != nil {
		return err
	}
	if conf.options.PermissionMap, err = readPermissionMap(ctx, t, conf.permissionMap); err != nil {
		return err
	}
	out, err := t.Create(ctx, conf.output)
	if err != nil {
		return err
	}
	defer out.Abort()
	r := &runner{
		tool: t, options: conf.options, strict: conf.strict, parallelism: conf.parallelism,
		catalogue: convert.NewCatalogue(conf.options), out: jsonl.NewWriter(out), rejects: newRejects(t),
		asOf: conf.asOf, formIsChosen: conf.formIsChosen,
	}
	var rejected *tool.Output
	if conf.rejects != "" {
		if rejected, err = t.Create(ctx, conf.rejects); err != nil {
			return fmt.Errorf("--rejects: %w", err)
		}
		defer rejected.Abort()
		r.rejects.setFile(rejected, conf.rejects)
	}
	t.SetReport(&r.report)
	r.progress = t.Progress("rows", 0)
	defer r.progress.End()

	if err := r.finish(ctx, r.convertFiles(ctx, conf.files)); err != nil {
		return err
	}
	if rejected != nil {
		if err := rejected.Commit(); err != nil {
			return fmt.Errorf("--rejects: %w", err)
		}
	}
	if err := out.Commit(); err != nil {
		return err
	}
	if r.report.Rejected > 0 {
		return tool.ErrRejected
	}
	return nil
}

func (r *runner) convertFiles(ctx context.Context, names []string) error {
	for _, name := range names {
		if err := r.convertFile(ctx, name); err != nil {
			return err
		}
	}
	if err := r.flushCatalogue(); err != nil {
		return err
	}
	return r.faultError()
}

// updateAsOf sets asOf to the time of an input if that is earlier. Zero means that the
// input has no time.
func (r *runner) updateAsOf(at time.Time) {
	if !at.IsZero() && (r.asOf.IsZero() || at.Before(r.asOf)) {
		r.asOf = at
	}
}
