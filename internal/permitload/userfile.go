package permitload

import (
	"bytes"
	"context"
	"fmt"
	"time"

	"a0permit/internal/jsonl"
	"a0permit/internal/permitload/snapshot"
	"a0permit/internal/reconcile"
	"a0permit/internal/record"
	"a0permit/internal/tool"
)

// userFile is a file of users, that a flag asks for or else the undo file. It is a
// stream of its own, so that it can be fed again.
type userFile struct {
	flag string
	file *tool.Output // nil for the undo file
	out  *jsonl.Writer
	n    int
}

func createUserFile(ctx context.Context, t *tool.Tool, flag, path string) (*userFile, error) {
	file, err := t.Create(ctx, path)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", flag, err)
	}
	return &userFile{flag: flag, file: file, out: jsonl.NewWriter(file)}, nil
}

func (f *userFile) write(u *record.User) error {
	f.n++
	return f.check(f.out.Write(u))
}

// end ends the stream, whose users were so at that time; zero is an unknown one.
func (f *userFile) end(asOf time.Time) error {
	last := record.End{Type: record.TypeEnd, Complete: true, Users: f.n}
	if !asOf.IsZero() {
		last.AsOf = asOf.UTC().Format(time.RFC3339)
	}
	if err := f.out.Write(last); err != nil {
		return f.check(err)
	}
	return f.check(f.out.Flush())
}

func (f *userFile) check(err error) error {
	if err != nil && f.flag != "" {
		return fmt.Errorf("%s: %w", f.flag, err)
	}
	return nil
}

// extraFile writes the users that Permit has and the input lacks. It implements
// snapshot.Extras.
type extraFile struct {
	ctx   context.Context //nolint:containedctx // snapshot.Extras has no parameter for it
	tool  *tool.Tool
	path  string
	now   func() time.Time // by Permit's clock
	began time.Time
	users *userFile
}

// Begin begins the file anew.
func (e *extraFile) Begin() error {
	e.abort()
	e.began = e.now()
	var err error
	e.users, err = createUserFile(e.ctx, e.tool, "--extra", e.path)
	return err
}

// Add writes a user.
func (e *extraFile) Add(u *record.User) error { return e.users.write(u) }

// End ends the file, and gives it its name.
func (e *extraFile) End() error {
	if err := e.users.end(e.began); err != nil {
		return err
	}
	return e.users.check(e.users.file.Commit())
}

// abort leaves no file behind, unless it was committed.
func (e *extraFile) abort() {
	if e.users != nil {
		e.users.file.Abort()
	}
}

// writeRemovals writes lines to the file of --removed that bring back what a
// plan takes away: assignments, or whole users. An earlier file may be the only way
// to undo an earlier run, so it is renamed and not overwritten.
func (s *session) writeRemovals(ctx context.Context, plan *reconcile.Plan, snap *snapshot.Snapshot) error {
	if s.settings.removal.file == "" {
		return nil
	}
	f, err := createUserFile(ctx, s.tool, "--removed", s.settings.removal.file)
	if err != nil {
		return err
	}
	defer f.file.Abort()
	if err := s.writeTaken(f, plan, snap); err != nil {
		return err
	}
	if err := f.end(s.client.Now()); err != nil {
		return err
	}
	if err := f.check(s.setFileAside()); err != nil {
		return err
	}
	return f.check(f.file.Commit())
}

// writeTaken writes the lines that restore what a plan takes away.
func (s *session) writeTaken(f *userFile, plan *reconcile.Plan, snap *snapshot.Snapshot) error {
	for i, ops := range plan.ByUser() {
		if s.ledger.HasFailed(ops[0]) { // so nothing is taken from that user
			continue
		}
		if err := s.writeUndoLine(f, snap, i, ops); err != nil {
			return err
		}
	}
	return nil
}

// writeUndoLine writes the line that restores what ops take from user i, if they
// take anything.
func (s *session) writeUndoLine(f *userFile, snap *snapshot.Snapshot, i int, ops []reconcile.Operation) error {
	taken := []record.RoleAssignment{}
	for _, op := range ops {
		if op.Op == reconcile.Unassign {
			taken = append(taken, op.Assignment)
		}
	}
	if len(taken) == 0 && !s.desired.IsDeletion() {
		return nil
	}
	line, err := s.input.User(i)
	u := &record.User{Type: record.TypeUser}
	if err == nil && s.desired.IsDeletion() {
		u, err = snap.Before(i)
	}
	if err != nil {
		return err
	}
	u.Key, u.RoleAssignments = line.Key, taken
	return f.write(u)
}

// setFileAside renames an earlier --removed that speaks of users.
func (s *session) setFileAside() error {
	aside, err := tool.SetAside(s.settings.removal.file, func(head []byte) bool {
		return bytes.HasPrefix(head, []byte(`{"type":"end"`))
	})
	if aside != "" {
		s.tool.Say("--removed: what was in %s is now in %s", s.settings.removal.file, aside)
	}
	return err
}
