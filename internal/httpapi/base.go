package httpapi

import (
	"errors"
	"fmt"
	"net"
	"net/url"
	"strings"
)

// ErrBase is the error of an address that cannot be called.
var ErrBase = errors.New("not an address")

func baseError(raw, why string) error { return fmt.Errorf("%w: %q: %s", ErrBase, raw, why) }

// ParseBase returns the URL of a service's address as people paste it. A bare
// domain means https and a trailing slash is ignored. http is allowed for this
// machine only, since a token goes with every call.
func ParseBase(raw string) (*url.URL, error) {
	text := strings.TrimSpace(raw)
	if !strings.Contains(text, "://") {
		text = "https://" + text
	}
	base, err := url.Parse(strings.TrimRight(text, "/"))
	switch {
	case err != nil || base.Host == "":
		return nil, baseError(raw, "a domain or an https:// address is needed")
	case base.User != nil || base.RawQuery != "" || base.Fragment != "":
		return nil, baseError("...", "it must hold no user, query or fragment")
	case base.Scheme == "http" && !isLoopback(base.Hostname()):
		return nil, baseError(raw, "http:// is for this machine only")
	case base.Scheme != "http" && base.Scheme != "https":
		return nil, baseError(raw, "https:// is needed")
	case strings.ContainsAny(base.Host, " _[]<>") && net.ParseIP(base.Hostname()) == nil:
		return nil, baseError(raw, "a domain has no such characters")
	}
	return base, nil
}

func isLoopback(host string) bool {
	if host == "localhost" {
		return true
	}
	ip := net.ParseIP(host)
	return ip != nil && ip.IsLoopback()
}
