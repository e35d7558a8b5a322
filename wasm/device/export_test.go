package device

// Compute gives commitment and number of known nonces.
func Compute(account string, public, requester, approver, fingerprint []byte) ([]byte, string) {
	return commit(account, public, requester), number(account, public, requester, approver, fingerprint)
}
