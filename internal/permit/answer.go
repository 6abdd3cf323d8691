package permit

import (
	"encoding/json"
	"errors"
)

// echo is the answer to the write of one object: that object.
type echo struct{ key string }

func (e *echo) UnmarshalJSON(data []byte) error {
	var b struct {
		Key string `json:"key"`
	}
	if err := json.Unmarshal(data, &b); err != nil {
		return err
	}
	if b.Key != e.key {
		return errors.New("it is about another record")
	}
	return nil
}

// objectEcho is an echo whose content matters. It is decoded into object.
type objectEcho struct {
	key    string
	object any
}

func (e *objectEcho) UnmarshalJSON(data []byte) error {
	if err := (&echo{key: e.key}).UnmarshalJSON(data); err != nil {
		return err
	}
	return json.Unmarshal(data, e.object)
}

// assignmentEcho is the answer to the write of one assignment: an assignment.
type assignmentEcho struct{}

func (*assignmentEcho) UnmarshalJSON(data []byte) error {
	var h Held
	if err := json.Unmarshal(data, &h); err != nil {
		return err
	}
	if h.id() == "" {
		return errors.New("it is about another record")
	}
	return nil
}

// lookup is the answer to a request for one object by key. Permit also finds an object
// whose id equals the key, so the answer may be another object.
type lookup struct {
	key     string
	object  any
	matches bool // the object has the key
}

func (l *lookup) UnmarshalJSON(data []byte) error {
	var b struct {
		Key string `json:"key"`
		ID  string `json:"id"`
	}
	if err := json.Unmarshal(data, &b); err != nil {
		return err
	}
	l.matches = b.Key == l.key
	switch {
	case l.matches:
		return json.Unmarshal(data, l.object)
	case b.Key == "" || b.ID != l.key:
		return errors.New("it is about another record")
	}
	return nil
}

// result is the answer to a bulk write. It is an object that has no fields today
// (OpenAPI); an answer with the fields of an error is refused.
type result struct {
	Code   errorField `json:"error_code"`
	Error  errorField `json:"error"`
	Detail errorField `json:"detail"`
}

// errorField is a field that only error answers have.
type errorField struct{}

func (*errorField) UnmarshalJSON(data []byte) error {
	if string(data) == "null" {
		return nil
	}
	return errors.New("it has a field of an error")
}

// assignmentCounts is the answer to a bulk write of assignments. A missing count is 0
// (OpenAPI).
type assignmentCounts struct {
	result
	Created int `json:"assignments_created"`
	Removed int `json:"assignments_removed"`
}
