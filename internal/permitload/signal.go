package permitload

// LastWords are what a second signal leaves to say.
const LastWords = "permitload: ended at once: calls under way may have been carried out, " +
	"and stdout may lack lines; " + runAgain
