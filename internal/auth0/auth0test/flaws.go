package auth0test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
)

// A Flaw is a way in which an answer with status 200 is wrong, by the service or
// by something in front of it. None is documented: they are what proxies, caches,
// sign-in pages and half-finished releases of other services have been seen to
// do. A call that a flaw cannot happen to is answered as it should be.
type Flaw string

// Flaws of any answer.
const (
	EmptyBody  Flaw = "empty-body"   // nothing
	NoContent  Flaw = "no-content"   // nothing, with status 204
	NullBody   Flaw = "null-body"    // null
	SignInPage Flaw = "sign-in-page" // HTML
)

// Flaws of lists.
const (
	BareList   Flaw = "bare-list"   // the rows without their envelope
	NoList     Flaw = "no-list"     // the envelope without its rows
	NoIDs      Flaw = "no-ids"      // rows without their ids
	NoTotal    Flaw = "no-total"    // the envelope without its total
	ShortList  Flaw = "short-list"  // one row of the total is missing
	LowTotal   Flaw = "low-total"   // a total below the number of rows
	HighTotal  Flaw = "high-total"  // a total above the number of rows
	SamePage   Flaw = "same-page"   // page and from are ignored
	NewNext    Flaw = "new-next"    // from is ignored, and next is ever new
	EmptyPages Flaw = "empty-pages" // no rows, and next is ever new
	AllFields  Flaw = "all-fields"  // fields is ignored
)

// Flaws of the user search.
const (
	NoSort    Flaw = "no-sort"    // sort is ignored
	NoQuery   Flaw = "no-query"   // q is ignored
	NoCreated Flaw = "no-created" // created_at is null, also of jobs
)

// Flaws of jobs and their links.
const (
	OddCreated  Flaw = "odd-created"  // created_at of a job is no time
	LateCreated Flaw = "late-created" // created_at of a job is in an hour
	PlainLink   Flaw = "plain-link"   // the link is http, to another machine
	UserLink    Flaw = "user-link"    // the link has a user in it
)

// Flaws of downloads.
const (
	Unpacked    Flaw = "unpacked"     // CSV that is not packed, without a length
	CutUnpacked Flaw = "cut-unpacked" // the same, half of it, to the end of a row
	CutInRow    Flaw = "cut-in-row"   // the same, and the beginning of one more row
	LostRows    Flaw = "lost-rows"    // the packed file lacks some rows
	XMLFile     Flaw = "xml-file"     // a refusal of the storage
	HTMLFile    Flaw = "html-file"    // a page, packed
	JSONFile    Flaw = "json-file"    // a refusal of Auth0
	GiantRow    Flaw = "giant-row"    // a row of Options.RowSize
	OpenQuote   Flaw = "open-quote"   // a quote that is not closed for as long
)

// Flaws returns all flaws.
func Flaws() []Flaw {
	return []Flaw{
		EmptyBody, NoContent, NullBody, SignInPage,
		BareList, NoList, NoIDs, NoTotal, ShortList, LowTotal, HighTotal, SamePage, NewNext, EmptyPages,
		AllFields,
		NoSort, NoQuery, NoCreated, OddCreated, LateCreated, PlainLink, UserLink,
		Unpacked, CutUnpacked, CutInRow, LostRows, XMLFile, HTMLFile, JSONFile, GiantRow, OpenQuote,
	}
}

// Always returns a chooser for Options.Flaws that always chooses this one.
func Always(f Flaw) func(*http.Request) Flaw { return func(*http.Request) Flaw { return f } }

const signInPage = "<!DOCTYPE html>\n<html><head><title>Sign in</title></head><body>Please sign in.</body></html>\n"

// flaw returns what is wrong with the answer to this call.
func (s *Server) flaw(r *http.Request) Flaw {
	if s.opts.Flaws == nil {
		return ""
	}
	return s.opts.Flaws(r)
}

// ignore returns the call without the parameters that a flaw makes the tenant
// ignore.
func (f Flaw) ignore(r *http.Request) *http.Request {
	ignored := map[Flaw][]string{
		SamePage: {"page", "from"}, NewNext: {"from"}, EmptyPages: {"from"}, NoSort: {"sort"}, NoQuery: {"q"},
		AllFields: {"fields", "include_fields"},
	}[f]
	if ignored == nil {
		return r
	}
	r = r.Clone(r.Context())
	q := r.URL.Query()
	if f == SamePage && q.Has("page") {
		q.Set("page", "0")
		ignored = nil
	}
	for _, name := range ignored {
		q.Del(name)
	}
	r.URL.RawQuery = q.Encode()
	return r
}

// writeAnswer writes the answer to a call that succeeded, with the flaw.
func (s *Server) writeAnswer(w http.ResponseWriter, f Flaw, body []byte) {
	switch f {
	case NoContent:
		w.WriteHeader(http.StatusNoContent)
	case SignInPage:
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		_, _ = w.Write([]byte(signInPage)) // a caller may have gone
	case EmptyBody:
		writeBytes(w, http.StatusOK, nil)
	case NullBody:
		writeBytes(w, http.StatusOK, []byte("null"))
	default:
		writeBytes(w, http.StatusOK, s.spoil(f, body))
	}
}

// spoil returns a JSON answer with the flaw.
func (s *Server) spoil(f Flaw, body []byte) []byte {
	var envelope map[string]any
	decoder := json.NewDecoder(bytes.NewReader(body))
	decoder.UseNumber()
	if f == "" || decoder.Decode(&envelope) != nil {
		return body
	}
	for _, list := range []string{
		"roles", "users", "organizations", "members", "connections", "permissions", "groups", "resource_servers",
	} {
		if rows, ok := envelope[list].([]any); ok {
			return encode(s.spoilList(f, envelope, list, rows))
		}
	}
	if envelope["status"] != nil {
		s.spoilJob(f, envelope)
	}
	return encode(envelope)
}

func (s *Server) spoilList(f Flaw, envelope map[string]any, list string, rows []any) any {
	_, hasTotal := envelope["total"]
	switch f {
	case BareList:
		return rows
	case NoList:
		delete(envelope, list)
	case NoIDs, NoCreated:
		for _, row := range rows {
			object, _ := row.(map[string]any)
			for name := range object {
				isID := slices.Contains([]string{"id", "user_id", "permission_name"}, name)
				if f == NoIDs && isID || f == NoCreated && name == "created_at" {
					object[name] = nil
				}
			}
		}
	case NoTotal:
		delete(envelope, "total")
	case ShortList:
		if hasTotal && len(rows) > 0 {
			envelope[list] = rows[:len(rows)-1]
		}
	case LowTotal, HighTotal:
		if hasTotal && f == LowTotal {
			envelope["total"] = len(rows) - 1
		} else if hasTotal {
			n, _ := envelope["total"].(json.Number).Int64()
			envelope["total"] = n + 1
		}
	case EmptyPages:
		envelope[list] = []any{}
		envelope["next"] = s.newMark()
	case NewNext:
		envelope["next"] = s.newMark()
	}
	return envelope
}

// newMark returns a checkpoint that has not been before, and that leads nowhere.
func (s *Server) newMark() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.marks++
	return fmt.Sprintf("mark%d", s.marks)
}

func (s *Server) spoilJob(f Flaw, job map[string]any) {
	location, _ := job["location"].(string)
	link, err := url.Parse(location)
	switch {
	case f == NoCreated:
		job["created_at"] = nil
	case f == OddCreated:
		job["created_at"] = "soon"
	case f == LateCreated:
		job["created_at"] = isoTime(s.now().Add(time.Hour))
	case location == "" || err != nil:
	case f == PlainLink:
		link.Scheme, link.Host = "http", "exports.acme.example"
		job["location"] = link.String()
	case f == UserLink:
		link.User = url.UserPassword("someone", "password")
		job["location"] = link.String()
	}
}

// writeFile writes the file of an export with the flaw. It returns false, and
// writes nothing, where the flaw is not one of downloads.
func (s *Server) writeFile(w http.ResponseWriter, f Flaw, file []byte) bool {
	plain := unpack(file)
	ends := rowEnds(plain)
	half := ends[len(ends)/2]
	whole := func(data []byte) {
		w.Header().Set("Content-Length", strconv.Itoa(len(data)))
		_, _ = w.Write(data) // a caller may have gone
	}
	untilTheEnd := func(data []byte) {
		w.Header().Set("Transfer-Encoding", "identity") // net/http closes the connection at the end
		_, _ = w.Write(data)                            // a caller may have gone
	}
	switch f {
	case Unpacked:
		untilTheEnd(plain)
	case CutUnpacked:
		untilTheEnd(plain[:half])
	case CutInRow:
		untilTheEnd(plain[:half+min(4, len(plain)-half)])
	case LostRows:
		whole(pack(plain[:half]))
	case XMLFile:
		writeStorageError(w, http.StatusOK, storageError{Code: "AccessDenied", Message: "Request has expired"})
	case HTMLFile:
		whole(pack([]byte(signInPage)))
	case JSONFile:
		whole([]byte(`{"statusCode":401,"error":"Unauthorized","message":"Invalid token"}`))
	case GiantRow:
		whole(s.packLarge(plain[:ends[0]], `"'auth0|giant","'`, `",,,`+"\n", plain[ends[0]:]))
	case OpenQuote:
		whole(s.packLarge(plain[:ends[0]], `"'auth0|open,`, "\n", plain[ends[0]:]))
	default:
		return false
	}
	return true
}

// rowEnds returns where each row of a CSV ends, the header first.
func rowEnds(csv []byte) (ends []int) {
	quotes := 0
	for i, b := range csv {
		switch {
		case b == '"':
			quotes++
		case b == '\n' && quotes%2 == 0:
			ends = append(ends, i+1)
		}
	}
	return ends
}

const defaultRowSize = 9 << 20

// packLarge returns a packed file with a row of RowSize after its header.
func (s *Server) packLarge(header []byte, begin, end string, rest []byte) []byte {
	size := s.opts.RowSize
	setDefault(&size, defaultRowSize)
	chunk := []byte(strings.Repeat("x", 1<<16))
	parts := [][]byte{header, []byte(begin)}
	for n := 0; n < size; n += len(chunk) {
		parts = append(parts, chunk)
	}
	return pack(append(parts, []byte(end), rest)...)
}
