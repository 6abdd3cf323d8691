package permit

import (
	"encoding/json"
	"errors"
)

// echo is the answer to the write of one object: the object.
type echo struct{ key string }

func (e *echo) UnmarshalJSON(data []byte) error {
	var b struct {
		Key string `json:"key"`
	}
	if err := json.Unmarshal(data, &b); err != nil {
		return err
	}
	if b.Key != e.key {
		return errors.New("it is not about what was sent")
	}
	return nil
}

// written is the answer to the write of one object whose content matters: the
// object.
type written struct {
	key    string
	object any
}

func (w *written) UnmarshalJSON(data []byte) error {
	if err := (&echo{key: w.key}).UnmarshalJSON(data); err != nil {
		return err
	}
	return json.Unmarshal(data, w.object)
}

// made is the answer to the write of one assignment: an assignment.
type made struct{}

func (*made) UnmarshalJSON(data []byte) error {
	var h Held
	if err := json.Unmarshal(data, &h); err != nil {
		return err
	}
	if h.id() == "" {
		return errors.New("it is not about what was sent")
	}
	return nil
}

// found is the answer to a question for one object: the object. Permit also finds
// another one whose own id is the key.
type found struct {
	key    string
	object any
	is     bool // it is the one with the key
}

func (f *found) UnmarshalJSON(data []byte) error {
	var b struct {
		Key string `json:"key"`
		ID  string `json:"id"`
	}
	if err := json.Unmarshal(data, &b); err != nil {
		return err
	}
	f.is = b.Key == f.key
	switch {
	case f.is:
		return json.Unmarshal(data, f.object)
	case b.Key == "" || b.ID != f.key:
		return errors.New("it is not about what was asked for")
	}
	return nil
}

// result is the answer to a bulk write: an object that has no fields today
// (OpenAPI), and none of an error.
type result struct {
	Code   fieldOfErrors `json:"error_code"`
	Error  fieldOfErrors `json:"error"`
	Detail fieldOfErrors `json:"detail"`
}

// fieldOfErrors is a field that only the answers of errors have.
type fieldOfErrors struct{}

func (*fieldOfErrors) UnmarshalJSON(data []byte) error {
	if string(data) == "null" {
		return nil
	}
	return errors.New("it is that of an error")
}

// report is the answer to a bulk write of assignments. A count that it leaves out
// is 0 (OpenAPI).
type report struct {
	result
	Created int `json:"assignments_created"`
	Removed int `json:"assignments_removed"`
}
