package tool

import "a0permit/internal/spool"

// Spool is spool.File, until permitload uses package spool.
type Spool = spool.File

// These too stay until permitload uses package spool.
var (
	NewSpool = spool.New
	ErrSpool = spool.ErrWrite
)
