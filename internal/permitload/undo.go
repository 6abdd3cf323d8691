package permitload

import (
	"bytes"
	"cmp"
	"errors"
	"io"
	"iter"
	"regexp"
	"slices"
	"strings"
	"time"

	"a0permit/internal/jsonl"
	"a0permit/internal/permitload/apply"
	"a0permit/internal/record"
	"a0permit/internal/spool"
	"a0permit/internal/tool"
)

// undoFile holds lines that, loaded, restore what a run changes, takes away or may clear.
// Each is on the disk before the write that makes it necessary, so it survives if the run
// is killed. --undo names the file. Without it, a file in $TMPDIR holds what only Permit
// knows, and is deleted when the run ends in order. It implements apply.Undo.
type undoFile struct {
	tool  *tool.Tool
	path  string           // that --undo names; "" for a file in $TMPDIR
	flags string           // that name the target, for a run that undoes this one
	now   func() time.Time // by Permit's clock
	kept  *spool.Kept      // nil if there was nothing to keep in $TMPDIR so far
	owed  bool             // what the last lines hold may be missing in Permit now
	last  []undoText       // lines of the last Keep that Settle changes
	from  int64            // offset of the lines of the last Keep
	in    map[string]int   // number of lines by type
	gave  bool             // role lines say what roles were given, not what they lost
	full  bool             // a write to it failed
}

// undoText is a line of the file.
type undoText struct {
	kind    string
	text    []byte
	settled []byte // the line after Settle; nil if it goes
	at      int64
}

// beginUndo returns the undo file of a run that is about to write. It renames an earlier
// file, which may be the only way to undo an earlier run.
func (s *session) beginUndo() (*undoFile, error) {
	u := &undoFile{tool: s.tool, path: s.settings.undo, now: s.client.Now, in: map[string]int{}, gave: !s.report.deletes}
	if flags := s.settings.target.String(); flags != "" {
		u.flags = " " + flags
	}
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
	s.tool.LastWords(u.lastWords())
	return u, err
}

// lastWords returns what a second signal says while there is an undo file.
func (u *undoFile) lastWords() string {
	file := shellWord(cmp.Or(u.path, u.kept.Name()))
	return LastWords + "; permitload" + u.flags + " " + file + " restores what was changed"
}

// undoWords returns for a question whether there is an undo file.
func (s *session) undoWords() string {
	if s.settings.undo == "" {
		return "no undo file: --undo FILE keeps one"
	}
	return "undo file: " + s.settings.undo
}

var plainWord = regexp.MustCompile(`^[A-Za-z0-9_./+:@%,=-]+$`)

// shellWord returns a word as one types it in a shell.
func shellWord(word string) string {
	if plainWord.MatchString(word) {
		return word
	}
	return "'" + strings.ReplaceAll(word, "'", `'\\''`) + "'"
}

// Keep implements apply.Undo.
func (u *undoFile) Keep(lines iter.Seq2[apply.UndoLine, error]) error {
	u.last = u.last[:0]
	next, stop := iter.Pull2(undoTexts(lines))
	defer stop()
	first, err, ok := next()
	if err == nil && ok && u.kept == nil {
		if u.kept, err = spool.Keep("a0permit-undo-*.jsonl"); err == nil {
			u.tool.Say("a write may clear role assignments: until the run has ended, %s can restore them", u.kept.Name())
			u.tool.LastWords(u.lastWords())
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

// undoTexts returns those of the lines that restore anything.
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

// Settle implements apply.Undo. It removes what the last lines no longer need to hold. If
// other lines follow, blanks take its place, so that the file is valid at every moment.
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

// end closes the file. It deletes a file in $TMPDIR unless somebody may need it.
// hasWritten says whether the run changed anything in Permit.
func (u *undoFile) end(hasWritten bool) error {
	switch {
	case u.kept == nil:
		return nil
	case u.path == "" && !u.owed:
		return u.kept.Remove()
	}
	var err error
	if !u.full { // a failed write was reported
		err = u.append(func(out *jsonl.Writer) error {
			return out.Write(endOf(u.in, u.now()))
		})
	}
	if closing := u.kept.Close(); err == nil {
		err = closing
	}
	switch {
	case u.path == "":
		u.tool.Problem("some of what this run has cleared or taken away may not be back: permitload %s restores it",
			u.kept.Name())
	case hasWritten:
		u.sayHow()
	}
	return err
}

// sayHow prints how to undo the run. A load cannot take back what roles were given.
func (u *undoFile) sayHow() {
	given := 0
	if u.gave {
		given = u.in[record.TypeRole]
	}
	if u.in[record.TypeUser]+u.in[record.TypeTenant]+u.in[record.TypeRole] > given {
		u.tool.Hint("permitload%s %s restores what this run changed or took away", u.flags, shellWord(u.path))
	}
	if given > 0 {
		u.tool.Hint(`jq -c 'select(.type == "role")' %s | permitload remove%s --remove-limit 100`+
			" takes back the permissions that it gave",
			shellWord(u.path), u.flags)
	}
}
