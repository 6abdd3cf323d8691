package permitload

import (
	"bytes"
	"errors"
	"io"
	"iter"
	"slices"
	"time"

	"a0permit/internal/jsonl"
	"a0permit/internal/permitload/apply"
	"a0permit/internal/record"
	"a0permit/internal/spool"
	"a0permit/internal/tool"
)

// undoFile holds lines which, loaded, restore what a run changes, takes away or may
// clear. They are on the disk before the write that makes them needed, so that they
// are there also where a run is killed. --undo names the file. Without it there is
// one in $TMPDIR, of what Permit alone knows, which a run that ends in order needs
// no more. It implements apply.Undo.
type undoFile struct {
	tool *tool.Tool
	path string           // that --undo names; "" for a file in $TMPDIR
	now  func() time.Time // by Permit's clock
	kept *spool.Kept      // nil as long as there was nothing to keep in $TMPDIR
	owed bool             // some of what the last lines hold may be missing in Permit
	last []undoText       // the lines of the last Keep that are to be settled
	from int64            // where the lines of the last Keep begin
	in   map[string]int   // lines by type
	gave bool             // its role lines say what roles were given, and not what they lost
	full bool             // it could not be written to
}

// undoText is a line of the file.
type undoText struct {
	kind    string
	text    []byte
	settled []byte // as it is to become, once that is settled: nothing is nil
	at      int64
}

// beginUndo returns the undo file of a run that is about to write. An earlier file may
// be the only way to undo an earlier run, so it is renamed and not overwritten.
func (s *session) beginUndo() (*undoFile, error) {
	u := &undoFile{tool: s.tool, path: s.settings.undo, now: s.client.Now, in: map[string]int{}, gave: !s.report.deletes}
	if u.path == "" {
		return u, nil
	}
	aside, err := tool.SetAside(u.path, func(head []byte) bool {
		return bytes.HasPrefix(head, []byte(`{"type":"end"`))
	})
	if err != nil {
		return nil, err
	}
	if aside != "" {
		s.tool.Say("--undo: what was in %s is now in %s", u.path, aside)
	}
	u.kept, err = spool.KeepAt(u.path)
	return u, err
}

// undoWords says whether there is an undo file.
func (s *session) undoWords() string {
	if s.settings.undo == "" {
		return "no undo file: --undo FILE keeps one"
	}
	return "undo file: " + s.settings.undo
}

// Keep implements apply.Undo.
func (u *undoFile) Keep(lines iter.Seq2[apply.UndoLine, error]) error {
	u.last = u.last[:0]
	next, stop := iter.Pull2(undoTexts(lines))
	defer stop()
	first, err, ok := next()
	if err == nil && ok && u.kept == nil {
		if u.kept, err = spool.Keep("a0permit-undo-*.jsonl"); err == nil {
			u.tool.Say("what this run may clear is kept in %s until it has ended", u.kept.Name())
		}
	}
	if err != nil || u.kept == nil {
		return err
	}
	u.from, u.owed = u.kept.Size(), true
	in := map[string]int{}
	err = u.append(func(out *jsonl.Writer) error {
		at := u.from
		for text, err := first, error(nil); ok; text, err, ok = next() {
			if err != nil {
				return err
			}
			if err := out.WriteRaw(text.text); err != nil {
				return err
			}
			if text.at = at; text.settled == nil || len(text.settled) < len(text.text) {
				u.last = append(u.last, text)
			}
			at += int64(len(text.text)) + 1
			in[text.kind]++
		}
		return nil
	})
	if err != nil {
		return err
	}
	for kind, n := range in {
		u.in[kind] += n
	}
	return nil
}

func (u *undoFile) append(write func(*jsonl.Writer) error) error {
	err := u.kept.Append(func(w io.Writer) error {
		out := jsonl.NewWriter(w)
		if err := write(out); err != nil {
			return err
		}
		return out.Flush()
	})
	u.full = u.full || errors.Is(err, spool.ErrKeep)
	return err
}

// undoTexts yields the lines that say anything.
func undoTexts(lines iter.Seq2[apply.UndoLine, error]) iter.Seq2[undoText, error] {
	return func(yield func(undoText, error) bool) {
		for line, err := range lines {
			var text undoText
			if err == nil {
				text, err = newUndoText(line)
			}
			if (err != nil || text.text != nil) && !yield(text, err) || err != nil {
				return
			}
		}
	}
}

func newUndoText(line apply.UndoLine) (undoText, error) {
	if line.Role != nil {
		text, err := jsonl.Marshal(line.Role)
		return undoText{kind: record.TypeRole, text: text, settled: text}, err
	}
	if line.Tenant != nil {
		text, err := jsonl.Marshal(line.Tenant)
		return undoText{kind: record.TypeTenant, text: text, settled: text}, err
	}
	t, u := undoText{kind: record.TypeUser}, *line.User
	var err error
	if !u.IsBare() {
		t.settled, err = jsonl.Marshal(u)
		t.text = t.settled
	}
	if err != nil || len(line.Held) == 0 {
		return t, err
	}
	u.RoleAssignments = slices.Clone(u.RoleAssignments)
	for _, a := range line.Held {
		if !slices.Contains(u.RoleAssignments, a) {
			u.RoleAssignments = append(u.RoleAssignments, a)
		}
	}
	t.text, err = jsonl.Marshal(u)
	return t, err
}

// Settle implements apply.Undo. What the lines need hold no more goes: the lines
// themselves, where nothing else follows them, and else blanks take its place, so that
// no moment lacks any other.
func (u *undoFile) Settle() error {
	u.owed = false
	defer func() { u.last = u.last[:0] }()
	if len(u.last) == 0 {
		return nil
	}
	isGone := func(t undoText) bool { return t.settled == nil }
	size := u.from
	for _, t := range u.last {
		size += int64(len(t.text)) + 1
		if isGone(t) {
			u.in[t.kind]--
		}
	}
	if size == u.kept.Size() && !slices.ContainsFunc(u.last, func(t undoText) bool { return !isGone(t) }) {
		return u.kept.Cut(u.from)
	}
	for _, t := range u.last {
		blanks := bytes.Repeat([]byte{' '}, len(t.text)-len(t.settled))
		if err := u.kept.Overwrite(append(slices.Clone(t.settled), blanks...), t.at); err != nil {
			return err
		}
	}
	return nil
}

// end ends the file. One in $TMPDIR goes, unless somebody may need it; whether the run
// has changed anything decides what is said of another.
func (u *undoFile) end(hasWritten bool) error {
	switch {
	case u.kept == nil:
		return nil
	case u.path == "" && !u.owed:
		return u.kept.Remove()
	}
	var err error
	if !u.full { // that was said
		err = u.append(func(out *jsonl.Writer) error {
			return out.Write(endOf(u.in, u.now()))
		})
	}
	if closing := u.kept.Close(); err == nil {
		err = closing
	}
	switch {
	case u.path == "":
		u.tool.Problem("not all that this run has cleared or taken away is back, or sure to be: permitload %s restores it",
			u.kept.Name())
	case hasWritten:
		u.sayHow()
	}
	return err
}

// sayHow says how the file undoes the run. What roles were given, no load takes away.
func (u *undoFile) sayHow() {
	given := 0
	if u.gave {
		given = u.in[record.TypeRole]
	}
	if u.in[record.TypeUser]+u.in[record.TypeTenant]+u.in[record.TypeRole] > given {
		u.tool.Hint("permitload %s restores what this run changed or took away", u.path)
	}
	if given > 0 {
		u.tool.Hint(`jq -c 'select(.type == "role")' %s | permitload remove takes back the permissions that it gave`, u.path)
	}
}
