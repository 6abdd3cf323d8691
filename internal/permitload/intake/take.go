package intake

import (
	"errors"
	"fmt"
	"time"

	"a0permit/internal/reconcile"
	"a0permit/internal/record"
)

// take adds one line. An error means that the stream is not ours.
func (in *Input) take(text []byte, at Line) error {
	if len(text) < int(at.size) {
		return in.takeLong(text, at)
	}
	at.sum = in.hasher.Sum(text)
	kind, err := record.TypeOf(text)
	if err != nil {
		return err
	}
	if kind == record.TypeEnd {
		return in.takeEnd(text)
	}
	in.In[kind]++
	switch kind {
	case record.TypeUser:
		in.takeUser(text, at)
	case record.TypeResource:
		r := &record.Resource{}
		if in.accept(at, kind, record.Parse(text, r), r.Validate) {
			in.desired.WantResource(r)
			in.Catalogue = append(in.Catalogue, CatalogueLine{at, kind, r.Key})
		}
	case record.TypeRole:
		r := &record.Role{}
		if in.accept(at, kind, record.Parse(text, r), r.Validate) {
			in.desired.WantRole(r)
			in.Catalogue = append(in.Catalogue, CatalogueLine{at, kind, r.Key})
		}
	case record.TypeTenant:
		t := &record.Tenant{}
		if in.accept(at, kind, record.Parse(text, t), t.Validate) {
			in.desired.WantTenant(t)
			in.Catalogue = append(in.Catalogue, CatalogueLine{at, kind, t.Key})
		}
	}
	return nil
}

// takeLong refuses a line that is too long for memory. text is its beginning.
func (in *Input) takeLong(text []byte, at Line) (err error) {
	kind, err := record.TypeOfBeginning(text)
	if err != nil {
		return fmt.Errorf("%w in its first 16 MiB", err)
	}
	last := []byte{0}
	if _, err := in.sources[at.source].ReadAt(last, at.offset+int64(at.size)-1); err != nil {
		return fmt.Errorf("read it again: %w", err)
	}
	if kind == record.TypeEnd || last[0] != '}' {
		return fmt.Errorf("%w: it is not JSON", record.ErrForeign)
	}
	if at.sum, err = in.hasher.SumOf(in.section(at)); err != nil {
		return fmt.Errorf("read it again: %w", err)
	}
	in.In[kind]++
	in.refuse(at, kind, errors.New("it is longer than 16 MiB"))
	in.markConflicts(text)
	return nil
}

func (in *Input) takeUser(text []byte, at Line) {
	u := &record.User{}
	if !in.accept(at, record.TypeUser, record.Parse(text, u), u.Validate) {
		in.markConflicts(text)
		return
	}
	switch in.desired.WantUser(u) {
	case reconcile.First:
		in.users = append(in.users, at)
	case reconcile.Repeated:
		in.Repeats++
	case reconcile.Differing:
		in.Rejects = append(in.Rejects, Reject{at, record.TypeUser, reconcile.DifferingLines})
	}
}

// markConflicts puts the users in conflict that an invalid line may be about.
func (in *Input) markConflicts(text []byte) {
	if kind, err := record.TypeOfBeginning(text); err != nil || kind != record.TypeUser {
		return
	}
	for _, key := range record.Keys(text) {
		in.desired.MarkConflict(key)
	}
}

// accept reports whether a line decodes and is valid. Otherwise it adds a reject.
func (in *Input) accept(at Line, kind string, err error, rule func() error) bool {
	if err == nil {
		err = rule()
	}
	if err != nil {
		in.refuse(at, kind, err)
	}
	return err == nil
}

func (in *Input) refuse(at Line, kind string, err error) {
	in.Rejects = append(in.Rejects, Reject{at, kind, record.Fault{Code: "invalid_record", Message: err.Error()}})
}

func (in *Input) takeEnd(text []byte) error {
	var end record.End
	if err := record.Parse(text, &end); err != nil {
		return fmt.Errorf("%w: an end line: %w", record.ErrForeign, err)
	}
	in.Ends.Count++
	in.Ends.Counted[record.TypeUser] += end.Users
	in.Ends.Counted[record.TypeRole] += end.Roles
	in.Ends.Counted[record.TypeTenant] += end.Tenants
	in.Ends.Counted[record.TypeResource] += end.Resources
	if !end.Complete && !in.Ends.Incomplete {
		in.Ends.Incomplete, in.Ends.Reason = true, end.Reason
	}
	if end.AsOf == "" {
		in.Ends.AsOf, in.Ends.undated = time.Time{}, true
		return nil
	}
	at, err := time.Parse(time.RFC3339, end.AsOf)
	if err != nil {
		return fmt.Errorf("%w: an end line: as_of is not a time", record.ErrForeign)
	}
	if oldest := in.Ends.AsOf; !in.Ends.undated && (oldest.IsZero() || at.Before(oldest)) {
		in.Ends.AsOf = at
	}
	return nil
}
