package tool

// checkOwner checks nothing: on Windows a file inherits its permissions from its folder.
func checkOwner(string) error { return nil }
