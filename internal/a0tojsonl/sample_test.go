package a0tojsonl_test

import (
	"bufio"
	"bytes"
	"context"
	"flag"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"runtime"
	"strings"
	"testing"

	"a0permit/internal/a0tojsonl"
)

var (
	sampleFile = flag.String("sample", "", "write a table of users to `FILE`, for measuring, and test nothing")
	sampleRows = flag.Int("sample-rows", 1_000_000, "rows of that table")
)

func TestMain(m *testing.M) {
	flag.Parse()
	if *sampleFile == "" {
		os.Exit(m.Run())
	}
	if err := writeSample(*sampleFile, *sampleRows); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func writeSample(path string, rows int) error {
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	w := bufio.NewWriter(f)
	if _, err := io.Copy(w, newSample(rows)); err != nil {
		return err
	}
	if err := w.Flush(); err != nil {
		return err
	}
	return f.Close()
}

// sample is a users table as a0export writes it, made up row by row: the same
// bytes each time, about one name in twenty with quotes, commas, line breaks or
// letters beyond ASCII, none to three of twelve roles.
type sample struct {
	rows, next int
	rnd        *rand.Rand
	buf        bytes.Buffer
}

func newSample(rows int) *sample {
	s := &sample{rows: rows, rnd: rand.New(rand.NewPCG(1, 2))}
	s.buf.WriteString("user_id,email,given_name,family_name,provider,email_verified,created_at,roles\n")
	return s
}

func (s *sample) Read(p []byte) (int, error) {
	for s.buf.Len() < len(p) && s.next < s.rows {
		s.row()
		s.next++
	}
	return s.buf.Read(p)
}

var (
	sampleGiven  = []string{"Jane", "John", "Maria", "Wei", "Aisha", "Lars", "Olga", "Pedro"}
	sampleFamily = []string{"Doe", "Smith", "Garcia", "Chen", "Khan", "Hansen", "Petrova", "Silva"}
	sampleOdd    = []string{`'t Hooft`, `O'Neil`, `Smith, Jr.`, `Anna ""Ann""`, "Zoë Ångström", "two\nlines", "two\r\nlines", "王小明"}
	sampleRoles  = []string{"Admin", "Billing Viewer", "Editor", "Viewer", "Support Agent", "auditor", "dev_ops", "Owner", "QA", "Sales Lead", "HR", "Guest"}
	sampleDomain = []string{"acme.com", "example.org", "mail.example", "corp.example.net"}
	sampleFrom   = []string{"db", "google-oauth2", "acme-saml"}
)

func (s *sample) row() {
	given, family := pick(s.rnd, sampleGiven), pick(s.rnd, sampleFamily)
	if s.rnd.IntN(20) == 0 {
		family = pick(s.rnd, sampleOdd)
	}
	at := s.rnd.IntN(365 * 24 * 3600)
	fmt.Fprintf(&s.buf, `'auth0|%016x%08x,'%s%d@%s,"'%s","'%s",'%s,%t,2025-%02d-%02dT%02d:%02d:%02d.%03dZ,"[`,
		s.rnd.Uint64(), s.rnd.Uint32(), strings.ToLower(given), s.next, pick(s.rnd, sampleDomain), given, family, pick(s.rnd, sampleFrom),
		s.rnd.IntN(2) == 0, 1+at%12, 1+at%28, at%24, at/24%60, at/60%60, at%1000)
	for i, n := 0, s.rnd.IntN(4); i < n; i++ {
		if i > 0 {
			s.buf.WriteByte(',')
		}
		fmt.Fprintf(&s.buf, `""%s""`, sampleRoles[(s.next+i*5)%len(sampleRoles)])
	}
	s.buf.WriteString("]\"\n")
}

func pick(rnd *rand.Rand, from []string) string { return from[rnd.IntN(len(from))] }

func BenchmarkConvert(b *testing.B) {
	const rows = 100_000
	data, err := io.ReadAll(newSample(rows))
	if err != nil {
		b.Fatal(err)
	}
	b.SetBytes(int64(len(data)))
	b.ReportAllocs()
	for b.Loop() {
		if code := a0tojsonl.Run(context.Background(), []string{"a0tojsonl", "-q"}, bytes.NewReader(data), io.Discard, io.Discard); code != 0 {
			b.Fatalf("exit %d", code)
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/rows, "ns/row")
}

// watermark notes how much memory is in use each time it is written to.
type watermark struct{ first, most uint64 }

func (w *watermark) Write(p []byte) (int, error) {
	var stats runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&stats)
	if w.first == 0 {
		w.first = stats.HeapAlloc
	}
	w.most = max(w.most, stats.HeapAlloc-min(stats.HeapAlloc, w.first))
	return len(p), nil
}
