package permitload

import (
	"fmt"
	"time"

	"a0permit/internal/jsonl"
	"a0permit/internal/record"
	"a0permit/internal/tool"
)

// userFile is a file of users that a flag asks for. It is a stream of its own, so
// that it can be fed again.
type userFile struct {
	flag string
	file *tool.Output
	out  *jsonl.Writer
	n    int
}

func (l *loader) createUserFile(flag, path string) (*userFile, error) {
	file, err := l.tool.Create(path)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", flag, err)
	}
	return &userFile{flag: flag, file: file, out: jsonl.NewWriter(file)}, nil
}

func (f *userFile) write(u *record.User) error {
	f.n++
	return f.out.Write(u)
}

// end ends the stream, whose users were so at that time.
func (f *userFile) end(asOf time.Time) error {
	if err := f.out.Write(record.End{Type: record.TypeEnd, Complete: true, Users: f.n, AsOf: asOf.UTC().Format(time.RFC3339)}); err != nil {
		return f.check(err)
	}
	return f.check(f.out.Flush())
}

func (f *userFile) commit() error { return f.check(f.file.Commit()) }

func (f *userFile) check(err error) error {
	if err != nil {
		return fmt.Errorf("%s: %w", f.flag, err)
	}
	return nil
}
