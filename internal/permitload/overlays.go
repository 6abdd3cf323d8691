package permitload

import (
	"encoding/binary"
	"encoding/json"

	"a0permit/internal/record"
	"a0permit/internal/tool"
)

// overlay is what an existing user is to be written as.
type overlay struct {
	Write record.User
	Alone bool // the email is all that differs
	Bare  bool // all attributes go
}

// overlays keeps what users are to be written as in a spool, since memory must
// not grow with what differs: 8 bytes for each user of the input stay.
type overlays struct {
	spool *tool.Spool
	at    []int64 // of user i, plus 1
}

// put keeps the overlay of user i, of so many users.
func (s *overlays) put(i, users int, o overlay) error {
	if s.spool == nil {
		spool, err := tool.NewSpool()
		if err != nil {
			return err
		}
		s.spool, s.at = spool, make([]int64, users)
	}
	text, err := json.Marshal(o)
	if err != nil {
		return err
	}
	at := s.spool.Size()
	sized := binary.BigEndian.AppendUint32(nil, uint32(len(text))) //nolint:gosec // one user is not 4 GiB
	if _, err := s.spool.Write(append(sized, text...)); err != nil {
		return err
	}
	s.at[i] = at + 1
	return nil
}

// get returns the overlay of user i, where it has one.
func (s *overlays) get(i int) (o overlay, ok bool, err error) {
	if s.spool == nil || s.at[i] == 0 {
		return o, false, nil
	}
	at := s.at[i] - 1
	var size [4]byte
	if _, err := s.spool.ReadAt(size[:], at); err != nil {
		return o, false, err
	}
	text := make([]byte, binary.BigEndian.Uint32(size[:]))
	if _, err := s.spool.ReadAt(text, at+int64(len(size))); err != nil {
		return o, false, err
	}
	err = decodeExactly(text, &o)
	return o, err == nil, err
}

func (s *overlays) forget() { clear(s.at) }

func (s *overlays) close() {
	if s.spool != nil {
		_ = s.spool.Close() // only a temporary file
	}
}
