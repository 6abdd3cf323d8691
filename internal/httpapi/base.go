package httpapi

import (
	"fmt"
	"net"
	"net/url"
	"regexp"
	"strconv"
	"strings"
)

// A BaseError is the error of an address that cannot be called.
type BaseError struct {
	Why   string
	Right string // what was most likely meant, "" where nobody can tell

	address string
}

func (e *BaseError) Error() string {
	if e.address == "" {
		return e.Why
	}
	return fmt.Sprintf("%q: %s", e.address, e.Why)
}

func baseError(raw, why string) error {
	address := strings.TrimSpace(raw)
	// It may be a token, pasted into the wrong variable.
	if len(address) > 80 || !strings.ContainsAny(address, ".:") || strings.ContainsAny(raw, "@?#") {
		address = ""
	}
	return &BaseError{Why: why, Right: rightBase(raw), address: address}
}

// ParseBase returns the URL of a service's address as people paste it. A bare
// domain means https and a trailing slash is ignored. There is no path: the calls
// have their own. http is allowed for this machine only, since a token goes with
// every call.
func ParseBase(raw string) (*url.URL, error) {
	text := strings.TrimSpace(raw)
	if !strings.Contains(text, "://") {
		text = "https://" + text
	}
	base, err := url.Parse(strings.TrimRight(text, "/"))
	if err != nil {
		base = &url.URL{}
	}
	base.Host = strings.ToLower(base.Host)
	switch {
	case strings.ContainsAny(raw, "@?#"):
		return nil, baseError(raw, "there must be no user, query or fragment in the address")
	case !domain.MatchString(base.Hostname()) && net.ParseIP(base.Hostname()) == nil:
		return nil, baseError(raw, "expected a domain or an https:// address")
	case strings.HasSuffix(base.Host, ":") || base.Port() != "" && !isPort(base.Port()):
		return nil, baseError(raw, "the port must be from 1 to 65535")
	case base.Scheme == "http" && !isLoopback(base.Hostname()):
		https := *base
		https.Scheme = "https"
		return nil, &BaseError{Why: "refusing to send a token over http://; use " + https.String(), Right: rightBase(raw)}
	case base.Scheme != "http" && base.Scheme != "https":
		return nil, baseError(raw, "the address must begin with https://")
	case base.Path != "":
		return nil, baseError(raw, "there must be no path after the domain")
	}
	return base, nil
}

var domain = regexp.MustCompile(`^[\p{L}\p{N}-]{1,63}(\.[\p{L}\p{N}-]{1,63})*\.?$`)

func isPort(text string) bool {
	n, err := strconv.ParseUint(text, 10, 16)
	return err == nil && n > 0
}

// pasted matches the domain and the port in a longer text.
var pasted = regexp.MustCompile(
	`(?i)^[\s"'<]*(?:https?:?/+)*(?:[^/@]*@)?([a-z0-9-]+(?:\.[a-z0-9-]+)+|localhost)(?::(\d+))?`)

// rightBase returns the address that was most likely meant.
func rightBase(raw string) string {
	match := pasted.FindStringSubmatch(raw)
	if match == nil || !domain.MatchString(match[1]) {
		return ""
	}
	right := url.URL{Scheme: "https", Host: strings.ToLower(match[1])}
	if isLoopback(right.Host) {
		right.Scheme = "http"
	}
	if port := match[2]; isPort(port) {
		right.Host += ":" + port
	}
	return right.String()
}

func isLoopback(host string) bool {
	if host == "localhost" {
		return true
	}
	ip := net.ParseIP(host)
	return ip != nil && ip.IsLoopback()
}
