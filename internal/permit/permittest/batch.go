package permittest

import (
	"net/http"
	"slices"
	"strings"
	"time"
)

// batch holds what the rows of one call have claimed so far. A call checks all of its
// rows before it writes the first, so that a refusal changes nothing.
type batch struct {
	s         *Server
	keys      map[string]bool
	emails    map[string]*user // by email in lower case; nil: an earlier row gave it up
	instances map[string]*instance
	pairs     map[pair]bool
	bulk      bool // a bulk call, for Options.Inline
	inline    int  // role_assignments so far
}

func (s *Server) newBatch() *batch {
	return &batch{
		s: s, keys: map[string]bool{}, emails: map[string]*user{},
		instances: map[string]*instance{}, pairs: map[pair]bool{},
	}
}

// userWrite is the write of one row that has passed the checks.
type userWrite struct {
	user   *user
	fresh  bool
	next   profile
	clear  bool    // remove the assignments that the row does not list
	listed []grant // in role_assignments
	made   []grant // those of listed that the call makes
	late   time.Duration
}

func (b *batch) create(f fields) (*userWrite, error) {
	if key := f.text("key"); b.s.userByKey[key] != nil {
		return nil, errDuplicate("User", key)
	}
	return b.upsert(f)
}

// upsert refuses a key that occurs twice in one batch (unverified).
func (b *batch) upsert(f fields) (*userWrite, error) {
	key := f.text("key")
	if b.keys[key] {
		return nil, errDuplicate("User", key)
	}
	b.keys[key] = true
	w := &userWrite{user: b.s.userByKey[key]}
	listed := f.given("role_assignments") && (!b.bulk || b.s.o.Inline != InlineIgnored)
	if w.user == nil {
		w.user, w.fresh = &user{key: key, now: &profile{}}, true
	} else {
		effect := b.s.o.PutAssignments
		w.clear = effect == Clear || effect == Replace && listed
		if b.s.o.PutOmitted == Keep {
			w.next = *w.user.now
		}
	}
	if err := b.setProfile(w, f); err != nil {
		return nil, err
	}
	if !listed {
		return w, nil
	}
	for i, row := range f.records("role_assignments") {
		g, err := b.resolveGrant(row, []any{"body", "role_assignments", i})
		if err != nil {
			return nil, err
		}
		w.listed = append(w.listed, g)
		if b.inline++; !b.bulk || b.s.o.Inline != InlineHalf || b.inline%2 == 1 {
			w.made = append(w.made, g)
		}
	}
	return w, nil
}

func (b *batch) patch(u *user, f fields) (*userWrite, error) {
	w := &userWrite{user: u, next: *u.now}
	return w, b.setProfile(w, f)
}

// setProfile takes the fields of a row and claims its email. It checks rows one after
// another, as a database does: two users cannot swap their emails in one batch.
func (b *batch) setProfile(w *userWrite, f fields) error {
	has := f.has
	if b.s.o.OmitNull {
		has = f.given
	}
	if has("email") {
		w.next.email = f.text("email")
		if b.s.o.LowerEmails {
			w.next.email = strings.ToLower(w.next.email)
		}
	}
	if has("first_name") {
		w.next.first = f.text("first_name")
	}
	if has("last_name") {
		w.next.last = f.text("last_name")
	}
	if has("attributes") {
		w.next.attributes = f.attributes()
	}
	return b.claimEmail(w)
}

// claimEmail refuses an email that another user has, if Options.DuplicateEmail is set.
// Otherwise users may share an email: Permit's own live tests create users with the
// same email again and again, and never delete them (permit-golang and permit-dotnet,
// integration tests). The spec says otherwise: "if synced, will be unique inside the
// environment". The status is unverified.
func (b *batch) claimEmail(w *userWrite) error {
	old, claim := strings.ToLower(w.user.now.email), strings.ToLower(w.next.email)
	if b.s.o.DuplicateEmail == 0 || claim == old {
		return nil
	}
	if claim != "" {
		owner, known := b.emails[claim]
		if !known {
			owner = b.s.userByEmail[claim]
		}
		switch {
		case owner == nil:
		case b.s.o.DuplicateEmail == http.StatusConflict:
			return errDuplicate("User", w.next.email)
		default:
			return errRefused(b.s.o.DuplicateEmail, "INVALID_INPUT", "another user has the e-mail %s", w.next.email)
		}
		b.emails[claim] = w.user
	}
	if old != "" {
		b.emails[old] = nil
	}
	return nil
}

// apply writes a row. Readers see it after lag.
func (s *Server) apply(c *call, w *userWrite, lag time.Duration) {
	u := w.user
	if w.fresh {
		u.id = s.register(kindUser, u)
		u.created = c.now
		s.userByKey[u.key] = u
		s.adoptOrphans(u)
	}
	if old := strings.ToLower(u.now.email); old != "" && s.userByEmail[old] == u {
		delete(s.userByEmail, old)
	}
	if w.next.email != "" {
		s.userByEmail[strings.ToLower(w.next.email)] = u
	}
	w.next.updated = c.now
	u.now, u.visibleAt = &w.next, c.now.Add(lag)
	if lag > 0 {
		s.lateUsers = append(s.lateUsers, late[*user]{u, u.visibleAt})
	} else {
		s.showUser(u)
	}
	if w.clear {
		for _, a := range slices.Clone(u.roles) {
			switch {
			case slices.Contains(w.listed, a.grant):
			case lag > 0:
				a.removeLater = true // when readers see the write
			default:
				s.unassign(a)
			}
		}
	}
	for _, g := range w.made {
		if s.assigned[pair{u, g}] == nil {
			s.assign(c, pair{u, g}, lag+w.late)
		}
	}
}
