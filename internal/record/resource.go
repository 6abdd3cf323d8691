package record

import (
	"fmt"
	"strings"
)

// TypeResource is the type of a resource line.
const TypeResource = "resource"

// Resource is a Permit resource. In Auth0 it is an API or a part of one.
type Resource struct {
	Type        string            `json:"type"`
	Key         string            `json:"key"`
	Name        string            `json:"name,omitempty"`
	Description string            `json:"description,omitempty"`
	Actions     map[string]Action `json:"actions,omitempty"` // by action key
	Attributes  map[string]any    `json:"attributes,omitempty"`
}

// Action is an action on a resource, such as read.
type Action struct {
	Name        string         `json:"name,omitempty"`
	Description string         `json:"description,omitempty"`
	Attributes  map[string]any `json:"attributes,omitempty"`
}

// Validate returns an error if the resource breaks one of Permit's rules.
func (r *Resource) Validate() error {
	if err := ResourceKey(r.Key); err != nil {
		return err
	}
	for key := range r.Actions {
		if err := ActionKey(key); err != nil {
			return err
		}
	}
	return nil
}

// ResourceKey returns an error for a key that does not match Permit's pattern for
// resources, ^[A-Za-z0-9\-_]+$ (Permit's OpenAPI, ResourceCreate.key).
func ResourceKey(key string) error {
	return checkKey("resource key", key, "letters, digits, - and _", slugBytes)
}

// ActionKey returns an error for a key that does not match Permit's pattern for
// actions, which is the same as for resources (Permit's OpenAPI,
// ResourceActionCreate.key).
func ActionKey(key string) error {
	return checkKey("action key", key, "letters, digits, - and _", slugBytes)
}

// SplitPermission returns the resource key and the action key in a permission such as
// "invoices:read". It fails if either is not a valid key.
func SplitPermission(permission string) (resource, action string, err error) {
	resource, action, ok := strings.Cut(permission, ":")
	if !ok || ResourceKey(resource) != nil || ActionKey(action) != nil {
		return "", "", fmt.Errorf("permissions: %q is not resource:action, of letters, digits, - and _", permission)
	}
	return resource, action, nil
}
