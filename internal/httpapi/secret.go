package httpapi

import "log/slog"

// Secret is a string that does not print itself: not in an error, not in a log,
// not in JSON. Only Reveal gives it away.
type Secret string

const redacted = "[redacted]"

func (Secret) String() string { return redacted }

// GoString keeps %#v from showing it.
func (Secret) GoString() string { return redacted }

// LogValue implements slog.LogValuer.
func (Secret) LogValue() slog.Value { return slog.StringValue(redacted) }

// MarshalText implements encoding.TextMarshaler.
func (Secret) MarshalText() ([]byte, error) { return []byte(redacted), nil }

// Reveal is the secret itself.
func (s Secret) Reveal() string { return string(s) }
