package httpapi

import "context"

// A TokenSource provides tokens that expire. It is safe for concurrent use.
type TokenSource interface {
	// Token returns a token that is valid now.
	Token(ctx context.Context) (Secret, error)
	// Discard makes Token return another token than this one, which drew a 401.
	Discard(token Secret)
}
