package a0export

// LastWords is the message when a second signal ends the command.
const LastWords = "a0export: ended at once: its output is not whole; an export job that it started goes on in Auth0, " +
	"and --job takes it up within 24 hours"
