package auth0test

import (
	"bytes"
	"encoding/hex"
	"encoding/xml"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
)

// exportPath is the path of download links. It is outside the API, on a storage host
// that does not know Auth0's tokens.
const exportPath = "/exports/"

// link returns a new download link. It works for Options.LinkLife.
func (s *Server) link(r *http.Request, j *job, now time.Time) string {
	s.links++
	expires := now.Add(s.opts.LinkLife)
	if s.links <= s.opts.ExpireLinks {
		expires = now.Add(-time.Second)
	}
	name := s.tenant.Name
	setDefault(&name, "tenant")
	u := url.URL{Scheme: r.URL.Scheme, Host: r.Host, Path: exportPath + j.id + "/" + name + "." + j.export.Format + ".gz"}
	setDefault(&u.Scheme, "http") // over a socket, the URL of a request is only a path
	if r.TLS != nil {
		u.Scheme = "https"
	}
	q := url.Values{}
	q.Set("Expires", strconv.FormatInt(expires.Unix(), 10))
	q.Set("Key-Pair-Id", fmt.Sprintf("K%06d", s.links))
	q.Set("Signature", linkSignature(u.Path, q))
	u.RawQuery = q.Encode()
	return u.String()
}

func linkSignature(path string, q url.Values) string {
	return hex.EncodeToString(sign(path + "\n" + q.Get("Expires") + "\n" + q.Get("Key-Pair-Id")))
}

// storageError is an error as S3 sends it.
type storageError struct {
	XMLName       xml.Name `xml:"Error"`
	Code          string   `xml:"Code"`
	Message       string   `xml:"Message"`
	ArgumentName  string   `xml:"ArgumentName,omitempty"`
	ArgumentValue string   `xml:"ArgumentValue,omitempty"`
}

func writeStorageError(w http.ResponseWriter, status int, e storageError) {
	b, err := xml.Marshal(e)
	if err != nil {
		panic(err)
	}
	w.Header().Set("Content-Type", "application/xml")
	w.WriteHeader(status)
	_, _ = io.WriteString(w, xml.Header+string(b)) // fails if the caller has gone
}

func (s *Server) serveDownload(w http.ResponseWriter, r *http.Request) {
	q := r.URL.Query()
	expires, err := strconv.ParseInt(q.Get("Expires"), 10, 64)
	switch {
	case r.Header.Get("Authorization") != "":
		// S3 echoes the header, so an error body can contain a token.
		writeStorageError(w, http.StatusBadRequest, storageError{
			Code: "InvalidArgument",
			Message: "Only one auth mechanism allowed; only the X-Amz-Algorithm query parameter, " +
				"Signature query string parameter or the Authorization header should be specified",
			ArgumentName: "Authorization", ArgumentValue: r.Header.Get("Authorization"),
		})
		return
	case r.Method != http.MethodGet:
		writeStorageError(w, http.StatusMethodNotAllowed, storageError{
			Code: "MethodNotAllowed", Message: "The specified method is not allowed against this resource.",
		})
		return
	case err != nil || q.Get("Signature") != linkSignature(r.URL.Path, q):
		writeStorageError(w, http.StatusForbidden, storageError{Code: "AccessDenied", Message: "Access denied"})
		return
	case s.now().After(time.Unix(expires, 0)):
		writeStorageError(w, http.StatusForbidden, storageError{Code: "AccessDenied", Message: "Request has expired"})
		return
	}
	j, cut := s.startDownload(r)
	if j == nil {
		writeStorageError(w, http.StatusNotFound, storageError{
			Code: "NoSuchKey", Message: "The specified key does not exist.",
		})
		return
	}
	if cut {
		w = &cutWriter{ResponseWriter: w}
	}
	s.serveFile(w, r, j)
}

func (s *Server) startDownload(r *http.Request) (j *job, cut bool) {
	id, _, _ := strings.Cut(strings.TrimPrefix(r.URL.Path, exportPath), "/")
	s.mu.Lock()
	defer s.mu.Unlock()
	j = s.liveJob(id, s.now())
	if j != nil && s.cuts < s.opts.CutDownload {
		s.cuts++
		cut = true
	}
	return j, cut
}

// serveFile sends the gzip file without Content-Encoding: the file is compressed, not
// the transfer.
func (s *Server) serveFile(w http.ResponseWriter, r *http.Request, j *job) {
	h := w.Header()
	h.Set("Content-Type", "application/gzip")
	if f := s.flaw(r); f != "" && s.writeFile(w, f, j.file) {
		return
	}
	h.Set("Etag", j.etag)
	if s.opts.ServeRange {
		http.ServeContent(w, r, "", j.created, bytes.NewReader(j.file))
		return
	}
	h.Set("Content-Length", strconv.Itoa(len(j.file)))
	w.WriteHeader(http.StatusOK)
	_, _ = w.Write(j.file) // fails if the caller has gone
}

// cutWriter announces the full length, writes half of it and drops the connection.
type cutWriter struct {
	http.ResponseWriter
	left    int
	started bool
}

func (w *cutWriter) WriteHeader(status int) {
	length, _ := strconv.Atoi(w.Header().Get("Content-Length"))
	w.left, w.started = length/2, true
	w.ResponseWriter.WriteHeader(status)
}

func (w *cutWriter) Write(p []byte) (int, error) {
	if !w.started {
		w.WriteHeader(http.StatusOK)
	}
	if len(p) < w.left {
		w.left -= len(p)
		return w.ResponseWriter.Write(p)
	}
	_, _ = w.ResponseWriter.Write(p[:w.left])
	// Half of the file must arrive, so none of it may stay in a buffer.
	_ = http.NewResponseController(w.ResponseWriter).Flush()
	panic(http.ErrAbortHandler)
}
