package permitload

import (
	"bytes"
	"maps"
	"slices"
	"time"

	"a0permit/internal/record"
	"a0permit/internal/tool"
)

func (l *loader) recordSurplus() error {
	if l.takeAway == nil {
		return nil
	}
	return l.record(func(write func(*record.User) error) error {
		lines := map[int]*record.User{}
		for _, s := range l.takeAway.surplus {
			u := lines[s.user]
			if u == nil {
				u = &record.User{Type: record.TypeUser, Key: s.User}
				lines[s.user] = u
			}
			u.RoleAssignments = append(u.RoleAssignments, asRoleAssignment(s.Assignment))
		}
		for _, i := range slices.Sorted(maps.Keys(lines)) {
			if err := write(lines[i]); err != nil {
				return err
			}
		}
		return nil
	})
}

// record writes --removed: lines that, loaded, bring back what goes. What was
// there before may be all that brings back what went before, so it stays, under
// another name.
func (l *loader) record(fill func(write func(*record.User) error) error) error {
	if l.removed == "" {
		return nil
	}
	f, err := l.createUserFile("--removed", l.removed)
	if err != nil {
		return err
	}
	defer f.file.Abort()
	if err := f.check(fill(f.write)); err != nil {
		return err
	}
	if err := f.end(time.Now()); err != nil {
		return err
	}
	if err := f.check(l.keepRemoved()); err != nil {
		return err
	}
	return f.commit()
}

// keepRemoved sets an earlier --removed aside that speaks of users.
func (l *loader) keepRemoved() error {
	aside, err := tool.SetAside(l.removed, func(head []byte) bool { return bytes.HasPrefix(head, []byte(`{"type":"end"`)) })
	if aside != "" {
		l.tool.Say("--removed: what was in %s is now in %s", l.removed, aside)
	}
	return err
}
