package device

// Compute gives commitment, number and answer of known nonces.
func Compute(account string, public, requester, approver, fingerprint []byte) (sent []byte, shown, typed string) {
	shown, typed = numbers(account, public, requester, approver, fingerprint)
	return commit(account, public, requester), shown, typed
}
