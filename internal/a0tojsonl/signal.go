package a0tojsonl

// LastWords is the message when a second signal ends the command.
const LastWords = "a0tojsonl: ended at once: its output is not whole"
