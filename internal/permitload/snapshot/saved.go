package snapshot

import (
	"encoding/json"
	"io"

	"a0permit/internal/permit"
	"a0permit/internal/spool"
)

// savedUsers holds the users in Permit that differ from their lines. It holds them on
// disk, so that memory does not grow with them: it only takes 8 bytes for each user of
// the input.
type savedUsers struct {
	file *spool.File
	at   []int64 // offset of user i in file, plus 1; 0: not saved
}

// put saves user i. users is the number of users in the input.
func (b *savedUsers) put(i, users int, u permit.User) (err error) {
	if b.file == nil {
		if b.file, err = spool.New(); err != nil {
			return err
		}
		b.at = make([]int64, users)
	}
	b.at[i] = b.file.Size() + 1
	return json.NewEncoder(b.file).Encode(u)
}

// get returns user i, or nil if it was not saved.
func (b *savedUsers) get(i int) (*permit.User, error) {
	if b.file == nil || b.at[i] == 0 {
		return nil, nil //nolint:nilnil // not saved, which is no error
	}
	at, u := b.at[i]-1, &permit.User{}
	return u, json.NewDecoder(io.NewSectionReader(b.file, at, b.file.Size()-at)).Decode(u)
}

func (b *savedUsers) close() {
	if b.file != nil {
		_ = b.file.Close() // only a temporary file
	}
}
