package snapshot

import (
	"encoding/json"
	"io"

	"a0permit/internal/permit"
	"a0permit/internal/spool"
)

// befores keeps what Permit has of the users that differ from their lines. It
// does so on disk, since memory must not grow with what differs: 8 bytes for
// each user of the input stay.
type befores struct {
	file *spool.File
	at   []int64 // of user i, plus 1
}

// put keeps user i, of so many users.
func (b *befores) put(i, users int, u permit.User) (err error) {
	if b.file == nil {
		if b.file, err = spool.New(); err != nil {
			return err
		}
		b.at = make([]int64, users)
	}
	b.at[i] = b.file.Size() + 1
	return json.NewEncoder(b.file).Encode(u)
}

// get returns user i, or nil where it is not kept.
func (b *befores) get(i int) (*permit.User, error) {
	if b.file == nil || b.at[i] == 0 {
		return nil, nil //nolint:nilnil // none is kept, which is no error
	}
	at, u := b.at[i]-1, &permit.User{}
	return u, json.NewDecoder(io.NewSectionReader(b.file, at, b.file.Size()-at)).Decode(u)
}

func (b *befores) close() {
	if b.file != nil {
		_ = b.file.Close() // only a temporary file
	}
}
