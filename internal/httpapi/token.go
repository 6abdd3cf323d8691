package httpapi

import "context"

// A TokenSource has tokens that do not last. It is safe for concurrent use.
type TokenSource interface {
	// Token is a token that is good now.
	Token(ctx context.Context) (Secret, error)
	// Refused is told of a token that drew a 401: Token gives it out no more.
	Refused(token Secret)
}
