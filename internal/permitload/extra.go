package permitload

import (
	"bytes"
	"encoding/json"
	"fmt"
	"time"

	"a0permit/internal/jsonl"
	"a0permit/internal/permit"
	"a0permit/internal/record"
	"a0permit/internal/tool"
)

// extras is the users that Permit has and the input lacks: counted, and
// written to a file where one is named.
type extras struct {
	n     int
	began time.Time
	file  *tool.Output
	out   *jsonl.Writer
}

func (l *loader) newExtras() (*extras, error) {
	e := &extras{began: time.Now()}
	if l.extra == "" {
		return e, nil
	}
	file, err := l.tool.Create(l.extra)
	if err != nil {
		return nil, fmt.Errorf("--extra: %w", err)
	}
	e.file, e.out = file, jsonl.NewWriter(file)
	return e, nil
}

func (e *extras) add(u permit.User) error {
	e.n++
	if e.out == nil {
		return nil
	}
	line, err := asRecord(u)
	if err != nil {
		return err
	}
	return e.check(e.out.Write(line))
}

// commit ends the file as a stream of its own, so that it can be fed again.
func (e *extras) commit() error {
	if e.out == nil {
		return nil
	}
	end := record.End{Type: record.TypeEnd, Complete: true, Users: e.n, AsOf: e.began.UTC().Format(time.RFC3339)}
	if err := e.out.Write(end); err != nil {
		return e.check(err)
	}
	if err := e.out.Flush(); err != nil {
		return e.check(err)
	}
	return e.check(e.file.Commit())
}

func (e *extras) abort() {
	if e != nil && e.file != nil {
		e.file.Abort()
	}
}

func (e *extras) check(err error) error {
	if err != nil {
		return fmt.Errorf("--extra: %w", err)
	}
	return nil
}

// asRecord is a user of Permit's as a line.
func asRecord(u permit.User) (*record.User, error) {
	attributes, err := attributes(u)
	return &record.User{Type: record.TypeUser, Key: u.Key, Email: u.Email, FirstName: u.FirstName, LastName: u.LastName, Attributes: attributes}, err
}

// attributes is what a user of Permit's has of them, its numbers digit for
// digit.
func attributes(u permit.User) (map[string]any, error) {
	if len(u.Attributes) == 0 {
		return nil, nil
	}
	var fields map[string]any
	decoder := json.NewDecoder(bytes.NewReader(u.Attributes))
	decoder.UseNumber()
	if err := decoder.Decode(&fields); err != nil {
		return nil, fmt.Errorf("a user's attributes in Permit are not an object: %w", err)
	}
	return fields, nil
}
