package record

import (
	"fmt"
	"strings"
)

// TypeResource is the type of a resource line.
const TypeResource = "resource"

// Resource is what permissions are about: in Permit a resource, in Auth0 a part of an
// API or the whole of it.
type Resource struct {
	Type        string            `json:"type"`
	Key         string            `json:"key"`
	Name        string            `json:"name,omitempty"`
	Description string            `json:"description,omitempty"`
	Actions     map[string]Action `json:"actions,omitempty"` // by key
	Attributes  map[string]any    `json:"attributes,omitempty"`
}

// Action is what can be done with a resource.
type Action struct {
	Name        string         `json:"name,omitempty"`
	Description string         `json:"description,omitempty"`
	Attributes  map[string]any `json:"attributes,omitempty"`
}

// Validate returns an error for the first of Permit's rules that the resource breaks.
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
// actions, which is that for resources (Permit's OpenAPI, ResourceActionCreate.key).
func ActionKey(key string) error {
	return checkKey("action key", key, "letters, digits, - and _", slugBytes)
}

// SplitPermission returns the resource and the action that a permission names, as
// "invoices:read" does.
func SplitPermission(permission string) (resource, action string, err error) {
	resource, action, ok := strings.Cut(permission, ":")
	if !ok || ResourceKey(resource) != nil || ActionKey(action) != nil {
		return "", "", fmt.Errorf("permissions: %q is not resource:action, of letters, digits, - and _", permission)
	}
	return resource, action, nil
}
