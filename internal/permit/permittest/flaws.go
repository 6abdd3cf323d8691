package permittest

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"strings"
)

// A Flaw is a way in which an answer differs from what Permit documents, caused by the
// service or by something in front of it. No flaw is documented: proxies, caches,
// sign-in pages and half-finished releases of other services have been seen to do such
// things. A call to which a flaw does not apply gets the right answer.
type Flaw string

// Flaws of the answers to calls that succeed. The work is done.
const (
	EmptyBody Flaw = "empty-body" // nothing
	NoContent Flaw = "no-content" // nothing, with status 204
	NullBody  Flaw = "null-body"  // null
	ErrorBody Flaw = "error-body" // Permit's form of an error, with status 200
	OtherKey  Flaw = "other-key"  // another object than the one that was named
	NoDate    Flaw = "no-date"    // no Date header, not even if the call is refused
)

// Flaws of lists.
const (
	BareList   Flaw = "bare-list"   // the items without their envelope
	NoList     Flaw = "no-list"     // the envelope without its items
	NoKeys     Flaw = "no-keys"     // items without their keys
	NoTotal    Flaw = "no-total"    // the envelope without its total
	EmptyList  Flaw = "empty-list"  // none of the items of the total
	EmptyPages Flaw = "empty-pages" // none after the first page
	ShortPage  Flaw = "short-page"  // one item of the page is missing
	SmallPage  Flaw = "small-page"  // this page is cut as if pages had three items
	LowTotal   Flaw = "low-total"   // a total that is one too low
	HighTotal  Flaw = "high-total"  // a total that is one too high
	SamePage   Flaw = "same-page"   // page is ignored
	NewPages   Flaw = "new-pages"   // items that do not exist, and always one page more
)

// NoContents is a flaw of objects: roles without their permissions, and resources
// without their actions. The spec requires neither.
const NoContents Flaw = "no-contents"

// Flaws of role_assignments/bulk. The last two also apply to the permissions of a role.
const (
	NoCount  Flaw = "no-count"  // a count of 0, for what is done
	LowCount Flaw = "low-count" // a count that is one too low
	LeftOut  Flaw = "left-out"  // the last is left out, and not counted
	NotDone  Flaw = "not-done"  // all are left out, and not counted
)

// Flaws of something in front of Permit, which answers in its place. The work is
// not done.
const (
	SignInPage  Flaw = "sign-in-page"     // HTML, with status 200
	GatewayBody Flaw = "gateway-body"     // a gateway's error, with status 200
	PageOf404   Flaw = "page-of-404"      // HTML
	ErrorOf404  Flaw = "error-of-404"     // {"error": ...}
	DetailOf404 Flaw = "detail-of-404"    // {"detail": "Not Found"}
	PageOf409   Flaw = "page-of-409"      // HTML
	ErrorOf409  Flaw = "error-of-409"     // {"error": ...}
	DetailOf409 Flaw = "detail-of-409"    // {"detail": "Conflict"}
	RetryNaN    Flaw = "retry-after-nan"  // 429, with a Retry-After that is no number
	RetrySoon   Flaw = "retry-after-soon" // 429, with one that is no whole number
	RetryLate   Flaw = "retry-after-late" // 429, with one of 3,000 years
	AwayNaN     Flaw = "away-nan"         // 503, with a Retry-After that is no number
	AwaySoon    Flaw = "away-soon"        // 503, with one that is no whole number
	AwayLate    Flaw = "away-late"        // 503, with one of 3,000 years
)

// Flaws returns all flaws.
func Flaws() []Flaw {
	return []Flaw{
		EmptyBody, NoContent, NullBody, ErrorBody, OtherKey, NoDate,
		BareList, NoList, NoKeys, NoTotal, EmptyList, EmptyPages, ShortPage, SmallPage, LowTotal, HighTotal,
		SamePage, NewPages, NoContents, NoCount, LowCount, LeftOut, NotDone,
		SignInPage, GatewayBody, PageOf404, ErrorOf404, DetailOf404, PageOf409, ErrorOf409, DetailOf409,
		RetryNaN, RetrySoon, RetryLate, AwayNaN, AwaySoon, AwayLate,
	}
}

// Always returns a chooser for Options.Flaws that always chooses this one.
func Always(f Flaw) func(*http.Request) Flaw { return func(*http.Request) Flaw { return f } }

// front is an answer in place of Permit's.
type front struct {
	status           int
	body, retryAfter string
}

const centuries = "94608000000" // 3,000 years, which no time.Duration holds

var fronts = map[Flaw]front{
	SignInPage:  {200, "<!DOCTYPE html>\n<html><head><title>Sign in</title></head></html>\n", ""},
	GatewayBody: {200, `{"error":"upstream_error","message":"no healthy upstream"}`, ""},
	PageOf404:   {404, "<html><body><h1>404 Not Found</h1></body></html>\n", ""},
	ErrorOf404:  {404, `{"error":"not_found","message":"no route matches"}`, ""},
	DetailOf404: {404, `{"detail":"Not Found"}`, ""},
	PageOf409:   {409, "<html><body><h1>409 Conflict</h1></body></html>\n", ""},
	ErrorOf409:  {409, `{"error":"conflict","message":"the upstream is in another state"}`, ""},
	DetailOf409: {409, `{"detail":"Conflict"}`, ""},
	RetryNaN:    {429, "", "NaN"},
	RetrySoon:   {429, "", "0.001"},
	RetryLate:   {429, "", centuries},
	AwayNaN:     {503, "", "NaN"},
	AwaySoon:    {503, "", "0.001"},
	AwayLate:    {503, "", centuries},
}

// flaw returns what is wrong with the answer to this call.
func (s *Server) flaw(r *http.Request) Flaw {
	if s.o.Flaws == nil {
		return ""
	}
	return s.o.Flaws(r)
}

// answer writes the answer of something in front of Permit.
func (f front) answer(w http.ResponseWriter) {
	kind := "application/json"
	if strings.HasPrefix(f.body, "<") {
		kind = "text/html; charset=utf-8"
	}
	w.Header().Set("Content-Type", kind)
	if f.retryAfter != "" {
		w.Header().Set("Retry-After", f.retryAfter)
	}
	w.WriteHeader(f.status)
	_, _ = w.Write([]byte(f.body)) // a caller may have gone
}

// change returns the call as Permit reads it under the flaw.
func (f Flaw) change(r *http.Request, raw []byte) (*http.Request, []byte) {
	set := map[Flaw][2]string{SamePage: {"page", "1"}, SmallPage: {"per_page", "3"}}[f]
	if q := r.URL.Query(); q.Has(set[0]) {
		q.Set(set[0], set[1])
		r = r.Clone(r.Context())
		r.URL.RawQuery = q.Encode()
	}
	if f != LeftOut && f != NotDone {
		return r, raw
	}
	var rows []json.RawMessage
	if json.Unmarshal(raw, &rows) == nil && len(rows) > 0 {
		raw, _ = json.Marshal(f.remaining(rows)) // it was JSON, so this cannot fail
		return r, raw
	}
	var body map[string]json.RawMessage
	if json.Unmarshal(raw, &body) == nil && json.Unmarshal(body["permissions"], &rows) == nil && len(rows) > 0 {
		body["permissions"], _ = json.Marshal(f.remaining(rows))
		raw, _ = json.Marshal(body)
	}
	return r, raw
}

// remaining returns the rows that LeftOut or NotDone does not drop.
func (f Flaw) remaining(rows []json.RawMessage) []json.RawMessage {
	if f == NotDone {
		return rows[:0]
	}
	return rows[:len(rows)-1]
}

// sendFlawed writes the answer to a call that succeeded, with the flaw.
func (s *Server) sendFlawed(w http.ResponseWriter, f Flaw, r *http.Request, a answer) {
	switch f {
	case EmptyBody:
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(http.StatusOK)
	case NoContent:
		w.WriteHeader(http.StatusNoContent)
	case NullBody:
		send(w, http.StatusOK, json.RawMessage("null"))
	case ErrorBody:
		s.refuse(w, errRefused(http.StatusOK, "UNEXPECTED_ERROR", "You did nothing wrong"))
	default:
		send(w, a.status, f.spoil(r, a.body))
	}
}

// spoil returns the body of an answer with the flaw.
func (f Flaw) spoil(r *http.Request, body any) any {
	if f == "" || body == nil {
		return body
	}
	var object map[string]any
	if items, ok := readAgain[[]any](body); ok { // only NewPages adds an envelope
		if f == NewPages {
			return f.spoilList(r, map[string]any{}, items)
		}
		return f.spoilList(r, map[string]any{}, items)["data"]
	} else if object, ok = readAgain[map[string]any](body); !ok {
		return body
	}
	if items, ok := object["data"].([]any); ok {
		if f == BareList {
			return items
		}
		return f.spoilList(r, object, items)
	}
	for _, name := range []string{"assignments_created", "assignments_removed"} {
		n, ok := object[name].(json.Number)
		if did, _ := n.Int64(); ok && f == NoCount {
			object[name] = 0
		} else if ok && f == LowCount {
			object[name] = max(did-1, 0)
		}
	}
	if f == NoContents {
		stripContents(object)
	}
	if object["key"] != nil && f == OtherKey {
		object["key"], object["id"] = "another", ident(0).String()
	}
	return object
}

// readAgain returns a body as its reader decodes it.
func readAgain[T any](body any) (as T, ok bool) {
	text, err := json.Marshal(body)
	if err != nil {
		return as, false
	}
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.UseNumber() // attributes keep their digits
	return as, decoder.Decode(&as) == nil
}

// spoilList returns a list with the flaw.
func (f Flaw) spoilList(r *http.Request, list map[string]any, items []any) map[string]any {
	page, _ := strconv.Atoi(r.URL.Query().Get("page"))
	list["data"] = items
	n, hasTotal := list["total_count"].(json.Number)
	total, _ := n.Int64()
	switch f {
	case NoList:
		delete(list, "data")
	case NoTotal:
		delete(list, "total_count")
	case ShortPage:
		list["data"] = items[:max(len(items)-1, 0)]
	case EmptyList:
		list["data"] = []any{}
	case EmptyPages:
		if page > 1 {
			list["data"] = []any{}
		}
	case LowTotal, HighTotal:
		if hasTotal && f == LowTotal {
			list["total_count"] = max(total-1, 0)
		} else if hasTotal {
			list["total_count"] = total + 1
		}
	case NoKeys:
		for _, item := range items {
			for _, name := range []string{"key", "user", "role"} {
				if object := item.(map[string]any); object[name] != nil {
					object[name] = nil
				}
			}
		}
	case NoContents:
		for _, item := range items {
			stripContents(item.(map[string]any))
		}
	case NewPages:
		size, _ := strconv.Atoi(r.URL.Query().Get("per_page"))
		list["data"] = fakeItems((page-1)*size, size)
		list["total_count"] = (page + 1) * size
	}
	return list
}

// stripContents removes the permissions of a role, and the actions of a resource.
func stripContents(object map[string]any) {
	delete(object, "permissions")
	delete(object, "actions")
}

// fakeItems returns items that do not exist, with the fields of every kind of list.
func fakeItems(from, n int) []map[string]any {
	items := make([]map[string]any, max(n, 0))
	for i := range items {
		name := fmt.Sprint("made-up-", from+i)
		items[i] = map[string]any{"key": name, "name": name, "user": name, "role": name, "tenant": name}
	}
	return items
}
