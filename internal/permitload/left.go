package permitload

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"time"

	"a0permit/internal/httpapi"
	"a0permit/internal/jsonl"
)

// fault is why a line was not loaded, as it is written behind the line.
type fault struct {
	Code      string `json:"code"`
	Status    int    `json:"status,omitempty"`
	Message   string `json:"message"`
	RequestID string `json:"request_id,omitempty"`
	// Retryable says that loading the line again, as it is, may succeed.
	Retryable bool   `json:"retryable"`
	At        string `json:"at"`
}

// refusal is the fault of an answer that Permit gave.
func refusal(err error) fault {
	var api *httpapi.APIError
	if !errors.As(err, &api) {
		return fault{Code: "error", Message: err.Error(), Retryable: true}
	}
	f := fault{Code: api.Code, Status: api.Status, Message: api.Message, RequestID: api.RequestID}
	if f.Code == "" {
		f.Code = http.StatusText(api.Status)
	}
	f.Retryable = api.Status >= 500 || api.Status == http.StatusTooManyRequests || api.Status == http.StatusNotFound
	return f
}

// left is where lines go that were not loaded: stdout, as they happen and whole,
// so that they can be fed again. A terminal gets keys and reasons instead.
type left struct {
	out      io.Writer
	terminal bool
	shown    int
	broken   bool // has failed, and said so
}

// errLeft is a stdout that cannot be written to: what was not loaded would be
// lost, so nothing more is sent.
var errLeft = errors.New("write what was not loaded to stdout")

// onTerminal is how many lines a terminal is shown.
const onTerminal = 20

func (l *left) put(line []byte, f fault) error {
	if l.broken {
		return nil
	}
	f.At = time.Now().UTC().Format(time.RFC3339)
	if l.terminal {
		l.shown++
		switch {
		case l.shown <= onTerminal:
			_, err := fmt.Fprintf(l.out, "%s: %s: %s\n", key(line), f.Code, f.Message)
			return l.check(err)
		case l.shown == onTerminal+1:
			_, err := fmt.Fprintln(l.out, "... permitload ... > left.jsonl keeps them all, to be fed again")
			return l.check(err)
		}
		return nil
	}
	text, err := jsonl.SetField(line, "error", f)
	if err != nil {
		return err
	}
	_, err = l.out.Write(append(text, '\n'))
	return l.check(err)
}

// key is the line's key, as far as it has one.
func key(line []byte) string {
	var head struct {
		Key string `json:"key"`
	}
	_ = json.Unmarshal(line, &head) // a line without a key has been refused for that
	return head.Key
}

func (l *left) check(err error) error {
	if err != nil {
		l.broken = true
		return fmt.Errorf("%w: %w", errLeft, err)
	}
	return nil
}
