package idhash_test

import (
	"fmt"
	"io"
	"strings"
	"testing"
	"testing/iotest"

	"a0permit/internal/idhash"
)

// Each id has its own hash. It is the same during a run and differs in another run.
func TestHashTellsIDsApart(t *testing.T) {
	t.Parallel()
	h := idhash.New()
	seen := map[idhash.Hash]string{}
	for i := range 100_000 {
		id := fmt.Sprintf("auth0|%024d", i)
		if other, ok := seen[h.Hash(id)]; ok {
			t.Fatalf("%s and %s share a hash", id, other)
		}
		seen[h.Hash(id)] = id
	}
	if id := "auth0|000000000000000000000001"; seen[h.Hash(id)] != id {
		t.Error("the same id has two hashes in one run")
	}
	if other := idhash.New(); h.Hash("a") == other.Hash("a") {
		t.Error("two runs hash alike")
	}
}

// SumOf of a reader is the Sum of the same bytes.
func TestSumOfAReader(t *testing.T) {
	t.Parallel()
	h, data := idhash.New(), strings.Repeat("a line of some length, ", 10_000)
	got, err := h.SumOf(iotest.HalfReader(strings.NewReader(data)))
	if want := h.Sum([]byte(data)); err != nil || got != want || got == h.Sum([]byte(data[1:])) {
		t.Errorf("SumOf = %x, %v, Sum = %x", got, err, want)
	}
	if _, err := h.SumOf(iotest.ErrReader(io.ErrUnexpectedEOF)); err == nil {
		t.Error("the reader's error is lost")
	}
}
