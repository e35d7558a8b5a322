//go:build js

// func deepen()
//
// It does nothing, in a frame that makes the stack of the goroutine grow to where most requests need it.
TEXT ·deepen(SB), 0, $30000-0
	RET
