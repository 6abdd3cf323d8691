package tool

const canWatchReader = false

// hasNoReader reports nothing: on Windows a pipe does not tell.
func hasNoReader(any) bool { return false }
