package permitload

// LastWords is printed when a second signal ends the process.
const LastWords = "permitload: ended at once: calls under way may have been carried out, " +
	"and stdout may lack lines; " + runAgain
