package permitload

import (
	"bytes"
	"fmt"
	"maps"
	"slices"
	"time"

	"a0permit/internal/jsonl"
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
			u.RoleAssignments = append(u.RoleAssignments, record.RoleAssignment{Role: s.Role, Tenant: s.Tenant})
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
	file, err := l.tool.Create(l.removed)
	if err != nil {
		return fmt.Errorf("--removed: %w", err)
	}
	defer file.Abort()
	out, n := jsonl.NewWriter(file), 0
	err = fill(func(u *record.User) error {
		n++
		return out.Write(u)
	})
	if err == nil {
		err = out.Write(record.End{Type: record.TypeEnd, Complete: true, Users: n, AsOf: time.Now().UTC().Format(time.RFC3339)})
	}
	if err == nil {
		err = out.Flush()
	}
	if err == nil {
		err = l.keepRemoved()
	}
	if err == nil {
		err = file.Commit()
	}
	if err != nil {
		return fmt.Errorf("--removed: %w", err)
	}
	return nil
}

// keepRemoved sets an earlier --removed aside that speaks of users.
func (l *loader) keepRemoved() error {
	aside, err := tool.SetAside(l.removed, func(head []byte) bool { return bytes.HasPrefix(head, []byte(`{"type":"end"`)) })
	if aside != "" {
		l.tool.Say("--removed: what was in %s is now in %s", l.removed, aside)
	}
	return err
}
