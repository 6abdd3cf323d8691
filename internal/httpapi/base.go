package httpapi

import (
	"net"
	"net/url"
	"strings"
)

// ParseBase reads a service's address as people paste it: a bare domain means
// https, a trailing slash is ignored, and http is taken only for this very
// machine, since a token goes with every call.
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
	case base.Scheme == "http" && !loopback(base.Hostname()):
		return nil, baseError(raw, "http:// is for this machine only")
	case base.Scheme != "http" && base.Scheme != "https":
		return nil, baseError(raw, "https:// is needed")
	case strings.ContainsAny(base.Host, " _[]<>") && net.ParseIP(base.Hostname()) == nil:
		return nil, baseError(raw, "a domain has no such characters")
	}
	return base, nil
}

func loopback(host string) bool {
	if host == "localhost" {
		return true
	}
	ip := net.ParseIP(host)
	return ip != nil && ip.IsLoopback()
}
