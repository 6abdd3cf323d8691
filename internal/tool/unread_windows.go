package tool

const canWatchReader = false

// hasNoReader always returns false: a pipe does not tell on Windows.
func hasNoReader(any) bool { return false }
