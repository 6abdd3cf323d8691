package auth0test

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"io"
	"strconv"
	"strings"
)

const byteOrderMark = "\ufeff"

// column is one field of an export.
type column struct {
	title string
	path  path
}

// render writes the whole export file. Same tenant, same bytes.
func (s *Server) render(j *job) []byte {
	fields := j.export.Fields
	if len(fields) == 0 {
		fields = defaultFields
	}
	columns := make([]column, len(fields))
	for i, f := range fields {
		// export_as renames the CSV column and likewise the JSON key.
		columns[i] = column{title: f.ExportAs, path: parsePath(f.Name)}
		setDefault(&columns[i].title, f.Name)
	}
	var file bytes.Buffer
	zip := gzip.NewWriter(&file)
	if j.export.Format == formatCSV {
		s.writeHeader(zip, columns)
	}
	left := len(s.tenant.Users)
	if j.export.Limit != nil {
		left = min(left, *j.export.Limit)
	}
	for i := range s.tenant.Users {
		u := &s.tenant.Users[i]
		if left == 0 {
			break
		}
		if j.connection != "" && !u.on(j.connection) {
			continue
		}
		left--
		if j.export.Format == formatCSV {
			s.writeRow(zip, columns, u)
		} else {
			writeObject(zip, columns, u)
		}
	}
	_ = zip.Close() // a buffer takes everything
	return file.Bytes()
}

func (s *Server) writeHeader(w io.Writer, columns []column) {
	if s.opts.BOM {
		_, _ = io.WriteString(w, byteOrderMark)
	}
	cells := make([]string, len(columns))
	for i, c := range columns {
		cells[i] = quoteIfNeeded(c.title)
	}
	s.writeCells(w, cells)
}

func (s *Server) writeRow(w io.Writer, columns []column, u *User) {
	cells := make([]string, len(columns))
	for i, c := range columns {
		cells[i] = s.cell(c.path.of(u))
	}
	s.writeCells(w, cells)
}

func (s *Server) writeCells(w io.Writer, cells []string) {
	end := "\n"
	if s.opts.CRLF {
		end = "\r\n"
	}
	_, _ = io.WriteString(w, strings.Join(cells, ",")+end) // a buffer takes everything
}

// cell is one value as it stands in the file. Only strings are escaped; arrays
// and objects are blank, their parts have to be asked for by path.
func (s *Server) cell(v any) string {
	switch v := v.(type) {
	case string:
		if s.opts.Plain {
			return quoteIfNeeded(v)
		}
		return escape(v)
	case iso:
		return string(v)
	case bool:
		return strconv.FormatBool(v)
	case int:
		return strconv.Itoa(v)
	case json.Number:
		return v.String()
	}
	return ""
}

// escape guards spreadsheets against formulas: quotes doubled, one apostrophe
// in front, all of it in quotes. docs: bulk user exports, CSV injection escaping.
func escape(s string) string {
	return `"'` + strings.ReplaceAll(s, `"`, `""`) + `"`
}

func quoteIfNeeded(s string) string {
	if !strings.ContainsAny(s, "\",\r\n") {
		return s
	}
	return `"` + strings.ReplaceAll(s, `"`, `""`) + `"`
}

// writeObject is a row of the json format, which is one object a line. Absent
// attributes are absent keys.
func writeObject(w io.Writer, columns []column, u *User) {
	var line bytes.Buffer
	line.WriteByte('{')
	for _, c := range columns {
		v := c.path.of(u)
		if v == nil {
			continue
		}
		if line.Len() > 1 {
			line.WriteByte(',')
		}
		line.Write(encode(c.title))
		line.WriteByte(':')
		line.Write(encode(v))
	}
	line.WriteString("}\n")
	_, _ = w.Write(line.Bytes())
}

func encode(v any) []byte {
	b, err := json.Marshal(v)
	if err != nil {
		panic(err) // everything here came from JSON
	}
	return b
}
