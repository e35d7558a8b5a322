package state

// ParseMemory is parseMemory.
var ParseMemory = parseMemory
