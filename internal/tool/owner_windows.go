package tool

// checkOwner checks nothing: what a file inherits from its folder decides here.
func checkOwner(string) error { return nil }
