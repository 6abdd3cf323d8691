package a0tojsonl

// LastWords are what a second signal leaves to say.
const LastWords = "a0tojsonl: ended at once: its output is not whole"
