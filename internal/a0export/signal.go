package a0export

// LastWords are what a second signal leaves to say.
const LastWords = "a0export: ended at once: its output is not whole; an export job that it started goes on in Auth0, " +
	"and --job takes it up within 24 hours"
