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

// A Flaw is a fault in an answer that has a status of success. None is documented:
// they are faults seen in other services, and in proxies, caches and sign-in pages in
// front of them. A flaw that does not apply to a call changes nothing.
type Flaw string

// Flaws of any answer.
const (
	EmptyBody  Flaw = "empty-body"   // the body is empty
	NoContent  Flaw = "no-content"   // the same, with status 204
	NullBody   Flaw = "null-body"    // the body is null
	SignInPage Flaw = "sign-in-page" // the body is HTML
)

// Flaws of lists.
const (
	BareList   Flaw = "bare-list"   // the rows have no envelope
	NoList     Flaw = "no-list"     // the envelope has no rows
	NoIDs      Flaw = "no-ids"      // the rows have no ids
	NoTotal    Flaw = "no-total"    // the envelope has no total
	ShortList  Flaw = "short-list"  // the last row of a page is missing
	LowTotal   Flaw = "low-total"   // the total is less than the number of rows
	HighTotal  Flaw = "high-total"  // the total is one too many
	SamePage   Flaw = "same-page"   // page and from are ignored
	NewNext    Flaw = "new-next"    // from is ignored, and next is always new
	EmptyPages Flaw = "empty-pages" // all pages are empty, and next is always new
	AllFields  Flaw = "all-fields"  // fields is ignored
)

// Flaws of the user search.
const (
	NoSort    Flaw = "no-sort"    // sort is ignored
	NoQuery   Flaw = "no-query"   // q is ignored
	NoCreated Flaw = "no-created" // created_at is null, also in jobs
)

// Flaws of jobs and their links.
const (
	OddCreated  Flaw = "odd-created"  // created_at of a job is not a time
	LateCreated Flaw = "late-created" // created_at of a job is one hour ahead
	PlainLink   Flaw = "plain-link"   // the link is http:// to another host
	UserLink    Flaw = "user-link"    // the link contains a user and password
)

// Flaws of downloads.
const (
	Unpacked    Flaw = "unpacked"     // the CSV is not compressed and has no length
	CutUnpacked Flaw = "cut-unpacked" // the same, cut in the middle after a whole row
	CutInRow    Flaw = "cut-in-row"   // the same, cut within a row
	LostRows    Flaw = "lost-rows"    // the gzip file lacks its last rows
	XMLFile     Flaw = "xml-file"     // the file is an error of the storage host
	HTMLFile    Flaw = "html-file"    // the gzip file holds an HTML page
	JSONFile    Flaw = "json-file"    // the file is an error of Auth0
	GiantRow    Flaw = "giant-row"    // one row has Options.RowSize bytes
	OpenQuote   Flaw = "open-quote"   // a quote stays open for Options.RowSize bytes
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

// Always returns a function for Options.Flaws that always returns f.
func Always(f Flaw) func(*http.Request) Flaw { return func(*http.Request) Flaw { return f } }

const signInPage = "<!DOCTYPE html>\n<html><head><title>Sign in</title></head><body>Please sign in.</body></html>\n"

// flaw returns the flaw of the answer to this call, or "".
func (s *Server) flaw(r *http.Request) Flaw {
	if s.opts.Flaws == nil {
		return ""
	}
	return s.opts.Flaws(r)
}

// ignore returns the call without the parameters that the tenant ignores because of
// the flaw.
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

// writeAnswer writes the answer to a successful call, with the flaw.
func (s *Server) writeAnswer(w http.ResponseWriter, f Flaw, body []byte) {
	switch f {
	case NoContent:
		w.WriteHeader(http.StatusNoContent)
	case SignInPage:
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		_, _ = w.Write([]byte(signInPage)) // fails if the caller has gone
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
		envelope["next"] = s.newCheckpoint()
	case NewNext:
		envelope["next"] = s.newCheckpoint()
	}
	return envelope
}

// newCheckpoint returns an unused checkpoint that leads nowhere.
func (s *Server) newCheckpoint() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.checkpoints++
	return fmt.Sprintf("mark%d", s.checkpoints)
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

// writeFile writes the file of an export with the flaw. If the flaw is not one of
// downloads, it writes nothing and returns false.
func (s *Server) writeFile(w http.ResponseWriter, f Flaw, file []byte) bool {
	plain := unpack(file)
	ends := rowEnds(plain)
	half := ends[len(ends)/2]
	sendWithLength := func(data []byte) {
		w.Header().Set("Content-Length", strconv.Itoa(len(data)))
		_, _ = w.Write(data) // fails if the caller has gone
	}
	sendUntilClose := func(data []byte) {
		w.Header().Set("Transfer-Encoding", "identity") // net/http closes the connection at the end
		_, _ = w.Write(data)                            // fails if the caller has gone
	}
	switch f {
	case Unpacked:
		sendUntilClose(plain)
	case CutUnpacked:
		sendUntilClose(plain[:half])
	case CutInRow:
		sendUntilClose(plain[:half+min(4, len(plain)-half)])
	case LostRows:
		sendWithLength(pack(plain[:half]))
	case XMLFile:
		writeStorageError(w, http.StatusOK, storageError{Code: "AccessDenied", Message: "Request has expired"})
	case HTMLFile:
		sendWithLength(pack([]byte(signInPage)))
	case JSONFile:
		sendWithLength([]byte(`{"statusCode":401,"error":"Unauthorized","message":"Invalid token"}`))
	case GiantRow:
		sendWithLength(s.packLarge(plain[:ends[0]], `"'auth0|giant","'`, `",,,`+"\n", plain[ends[0]:]))
	case OpenQuote:
		sendWithLength(s.packLarge(plain[:ends[0]], `"'auth0|open,`, "\n", plain[ends[0]:]))
	default:
		return false
	}
	return true
}

// rowEnds returns the offset after each row of a CSV file, the header first.
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

// packLarge returns a gzip file that has a row of about RowSize bytes after its
// header.
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
