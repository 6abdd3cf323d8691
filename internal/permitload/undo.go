package permitload

import (
	"io"
	"time"

	"a0permit/internal/jsonl"
	"a0permit/internal/permitload/snapshot"
	"a0permit/internal/reconcile"
	"a0permit/internal/record"
	"a0permit/internal/spool"
	"a0permit/internal/tool"
)

// undoFile is kept in $TMPDIR while a write may clear what Permit alone knows, or
// takes it away: lines which, loaded, restore it. A run that ends in order needs
// them no more; one that is killed has named the file before. It implements
// apply.Undo.
type undoFile struct {
	tool  *tool.Tool
	taken func(*userFile) error // writes what the plan takes away; nil where a flag names a file for it
	kept  *spool.Kept           // nil as long as there was nothing to keep
	owed  bool                  // some of it may be missing in Permit
}

// Keep implements apply.Undo.
func (u *undoFile) Keep(holders []*record.User) error {
	return u.append(func(f *userFile) error {
		for _, one := range holders {
			if err := f.write(one); err != nil {
				return err
			}
		}
		return nil
	})
}

// KeepTaken implements apply.Undo.
func (u *undoFile) KeepTaken() error {
	if u.taken == nil {
		return nil
	}
	return u.append(u.taken)
}

func (u *undoFile) append(write func(*userFile) error) (err error) {
	switch {
	case u.kept == nil:
		if u.kept, err = spool.Keep("a0permit-undo-*.jsonl"); err == nil {
			u.tool.Say("what this run may clear is kept in %s until it has ended", u.kept.Name())
		}
	case !u.owed:
		err = u.kept.Clear()
	}
	if err == nil {
		err = u.kept.Append(func(w io.Writer) error {
			f := &userFile{out: jsonl.NewWriter(w)}
			if err := write(f); err != nil {
				return err
			}
			return f.end(time.Time{})
		})
	}
	u.owed = u.owed || err == nil
	return err
}

// Settle implements apply.Undo.
func (u *undoFile) Settle() { u.owed = false }

// end ends the file: it goes, unless somebody may need it.
func (u *undoFile) end() error {
	switch {
	case u.kept == nil:
		return nil
	case u.owed:
		u.tool.Problem("not all that this run has cleared or taken away is back, or sure to be: permitload %s restores it",
			u.kept.Name())
		return u.kept.Close()
	}
	return u.kept.Remove()
}

// undo returns the undo file of a run that carries out that plan.
func (s *session) undo(plan *reconcile.Plan, snap *snapshot.Snapshot) *undoFile {
	u := &undoFile{tool: s.tool}
	if s.settings.removal.file == "" {
		u.taken = func(f *userFile) error { return s.writeTaken(f, plan, snap) }
	}
	return u
}
