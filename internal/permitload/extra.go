package permitload

import (
	"fmt"
	"time"

	"a0permit/internal/permit"
	"a0permit/internal/record"
)

// extras is the users that Permit has and the input lacks: counted, and
// written to a file where one is named.
type extras struct {
	n     int
	began time.Time
	file  *userFile // nil without --extra
}

func (l *loader) newExtras() (*extras, error) {
	e := &extras{began: time.Now()}
	if l.extra == "" {
		return e, nil
	}
	var err error
	e.file, err = l.createUserFile("--extra", l.extra)
	return e, err
}

func (e *extras) add(u permit.User) error {
	e.n++
	if e.file == nil {
		return nil
	}
	line, err := asRecord(u)
	if err != nil {
		return err
	}
	return e.file.check(e.file.write(line))
}

func (e *extras) commit() error {
	if e.file == nil {
		return nil
	}
	if err := e.file.end(e.began); err != nil {
		return err
	}
	return e.file.commit()
}

func (e *extras) abort() {
	if e != nil && e.file != nil {
		e.file.file.Abort()
	}
}

// asRoleAssignment is an assignment of Permit's as a line has it.
func asRoleAssignment(a permit.Assignment) record.RoleAssignment {
	return record.RoleAssignment{Role: a.Role, Tenant: a.Tenant, ResourceInstance: a.ResourceInstance}
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
	if err := decodeExactly(u.Attributes, &fields); err != nil {
		return nil, fmt.Errorf("a user's attributes in Permit are not an object: %w", err)
	}
	return fields, nil
}
