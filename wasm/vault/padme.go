package vault

import "math/bits"

// minPadded hides how short short settings are: most of them look alike.
const minPadded = 128

// padded is the Padmé length of n (Nikitin et al., "Reducing Metadata Leakage from Encrypted Files and Communication with
// PURBs", PETS 2019): at most 12 % more, and only O(log log n) bits of the length remain to be seen.
func padded(n int) int {
	if n <= minPadded {
		return minPadded
	}
	exponent := bits.Len(uint(n)) - 1
	free := exponent - bits.Len(uint(exponent))
	mask := 1<<free - 1
	return (n + mask) &^ mask
}

// pad appends zeros up to the Padmé length.
func pad(plain []byte) []byte {
	return append(plain, make([]byte, padded(len(plain))-len(plain))...)
}

// isPadding reports whether rest is exactly what pad put behind a plain text of n bytes.
func isPadding(rest []byte, n int) bool {
	if len(rest) != padded(n)-n {
		return false
	}
	var sum byte
	for _, b := range rest {
		sum |= b
	}
	return sum == 0
}
