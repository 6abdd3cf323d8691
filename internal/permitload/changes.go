package permitload

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log/slog"
	"maps"
	"reflect"
	"slices"
	"strings"

	"a0permit/internal/permitload/snapshot"
	"a0permit/internal/reconcile"
	"a0permit/internal/record"
	"a0permit/internal/tool"
)

// fields holds the fields of a record by their JSON names.
type fields = map[string]any

// fieldsOf returns the fields of a record without its type, key and role assignments.
// Assignments are operations of their own.
func fieldsOf(r any) (fields, error) {
	text, err := json.Marshal(r)
	if err != nil {
		return nil, err
	}
	var f fields
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.UseNumber()
	if err := decoder.Decode(&f); err != nil {
		return nil, err
	}
	for _, name := range []string{"type", "key", "role_assignments"} {
		delete(f, name)
	}
	return f, nil
}

// differing returns the fields that differ between two records, with nil for a field that
// a record lacks. Objects are compared field by field.
func differing(before, after fields) (was, is fields) {
	was, is = fields{}, fields{}
	both := fields{}
	maps.Copy(both, before)
	maps.Copy(both, after)
	for name := range both {
		old, value := before[name], after[name]
		oldFields, isObject := old.(fields)
		newFields, isToo := value.(fields)
		switch {
		case reflect.DeepEqual(old, value):
		case (isObject || old == nil) && (isToo || value == nil):
			was[name], is[name] = differing(oldFields, newFields)
		default:
			was[name], is[name] = old, value
		}
	}
	return was, is
}

// changeOf returns the fields that the line of user i changes, as Permit has them and as
// they will be.
func changeOf(plan *reconcile.Plan, snap *snapshot.Snapshot, i int, line *record.User) (was, is fields, err error) {
	have, err := snap.Before(i)
	if err != nil {
		return nil, nil, err
	}
	write, _ := plan.UserToWrite(line, have)
	before, err := fieldsOf(have)
	if err != nil {
		return nil, nil, err
	}
	after, err := fieldsOf(write)
	if err != nil {
		return nil, nil, err
	}
	was, is = differing(before, after)
	return was, is, nil
}

// previewed is how many changed users a dry run shows.
const previewed = 10

// printChanges shows the first users that change, field by field.
func (l *loader) printChanges(plan *reconcile.Plan, snap *snapshot.Snapshot) error {
	n := 0
	for i, ops := range plan.ByUser() {
		if ops[0].Op != reconcile.Update {
			continue
		}
		if n++; n > previewed {
			l.tool.Say("and %s more: --plan FILE writes all of them", tool.Thousands(plan.Counts.Update-previewed))
			return nil
		}
		line, err := l.input.User(i)
		if err != nil {
			return err
		}
		was, is, err := changeOf(plan, snap, i, line)
		if err != nil {
			return err
		}
		l.tool.SayCounts("user "+line.Key+":",
			slog.String("key", line.Key), slog.Any("before", was), slog.Any("after", is))
		if l.tool.LogsJSON() { // it has the fields
			continue
		}
		eachField("", was, is, func(name string, old, value any) {
			l.tool.Say("  %s: %s -> %s", name, valueText(old), valueText(value))
		})
	}
	return nil
}

// eachField visits differing fields in order. It goes into objects.
func eachField(prefix string, was, is fields, visit func(name string, old, value any)) {
	for _, name := range slices.Sorted(maps.Keys(was)) {
		old, isObject := was[name].(fields)
		value, isToo := is[name].(fields)
		if isObject && isToo {
			eachField(prefix+name+".", old, value, visit)
			continue
		}
		visit(prefix+name, was[name], is[name])
	}
}

// valueText returns a value for people, on one line and shortened.
func valueText(value any) string {
	const most = 40
	if value == nil {
		return "none"
	}
	var b strings.Builder
	encoder := json.NewEncoder(&b)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(value); err != nil { // cannot happen: the value came from JSON
		return fmt.Sprintf("%q", fmt.Sprint(value))
	}
	text := []rune(strings.TrimSuffix(b.String(), "\n"))
	if len(text) > most {
		return string(text[:most-3]) + "..."
	}
	return string(text)
}
