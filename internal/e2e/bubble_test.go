package e2e_test

import (
	"context"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
)

// bubbled maps host and port to servers that are reached without a socket. A goroutine
// that waits for a socket stops the clock of a testing/synctest bubble; one that waits
// for a net.Pipe does not.
var bubbled sync.Map // string -> *pipeListener

// dialBubbles makes http.DefaultTransport, which the commands copy, connect to the
// servers of bubbles.
func dialBubbles() {
	transport := http.DefaultTransport.(*http.Transport)
	dial := transport.DialContext
	transport.DialContext = func(ctx context.Context, network, address string) (net.Conn, error) {
		if l, ok := bubbled.Load(address); ok {
			return l.(*pipeListener).dial(ctx)
		}
		return dial(ctx, network, address)
	}
}

// serveInBubble serves at address until stop is called. Each answer takes latency. It
// must be called in a bubble.
func serveInBubble(address string, latency time.Duration, h http.Handler) (stop func()) {
	l := &pipeListener{conns: make(chan net.Conn), closed: make(chan struct{})}
	bubbled.Store(address, l)
	srv := &http.Server{Handler: delay(latency, h), ReadHeaderTimeout: time.Minute}
	go func() { _ = srv.Serve(l) }()
	return func() {
		bubbled.Delete(address)
		_ = srv.Close()
	}
}

// delay returns a handler that answers after latency.
func delay(latency time.Duration, h http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		time.Sleep(latency)
		h.ServeHTTP(w, r)
	})
}

// pipeListener is a net.Listener whose connections are pipes.
type pipeListener struct {
	conns  chan net.Conn
	closed chan struct{}
	once   sync.Once
}

func (l *pipeListener) dial(ctx context.Context) (net.Conn, error) {
	ours, theirs := net.Pipe()
	select {
	case l.conns <- theirs:
		return ours, nil
	case <-l.closed:
		return nil, net.ErrClosed
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// Accept implements net.Listener.
func (l *pipeListener) Accept() (net.Conn, error) {
	select {
	case c := <-l.conns:
		return c, nil
	case <-l.closed:
		return nil, net.ErrClosed
	}
}

// Close implements net.Listener.
func (l *pipeListener) Close() error {
	l.once.Do(func() { close(l.closed) })
	return nil
}

// Addr implements net.Listener.
func (l *pipeListener) Addr() net.Addr { return &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 1} }

// tokenFile writes a secret for --token-file.
func tokenFile(t *testing.T, secret string) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "token")
	if err := os.WriteFile(file, []byte(strings.TrimSpace(secret)), 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}
