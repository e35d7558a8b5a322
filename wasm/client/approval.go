package client

import (
	"context"
	"encoding/base64"
	"errors"

	"github.com/latchkey-id/latchkey/edge/api"
	"github.com/latchkey-id/latchkey/wasm/device"
	"github.com/latchkey-id/latchkey/wasm/vault"
)

// Approving is how far an approval is.
type Approving struct {
	ID      string             `json:"id"`
	State   api.ApprovalStatus `json:"state"`
	Expires int64              `json:"expires,omitempty"`
	Number  string             `json:"number,omitempty"` // what the new device shows, once there is one
	Answer  string             `json:"answer,omitempty"` // what the trusted device shows, once the number was right

	// Confirm says that the new device is approved, as the service has it, and needs the answer to open the vault.
	Confirm bool `json:"confirm,omitempty"`
}

// RequestApproval asks the trusted devices to approve this one. The request is over when this program ends. Errors:
// CodeApprovalNone, CodeDeviceTrusted, CodeLocked.
func (c *Client) RequestApproval(ctx context.Context) (Approving, error) {
	if c.keys == nil {
		return Approving{}, problem(api.CodeUnavailable, "Nothing can be kept here.")
	}
	account, err := c.who(ctx)
	if err != nil {
		return Approving{}, err
	}
	key, err := c.enrol(ctx, account.ID)
	if err != nil {
		return Approving{}, c.vaultProblem(err)
	}
	request := device.NewRequest(account.ID, key.PublicKey().Bytes())
	var begun api.ApprovalBegun
	if err := c.post(ctx, api.RouteApprovalBegin, api.ApprovalBeginRequest{Commit: request.Commit()}, &begun); err != nil {
		return Approving{}, err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.requests[begun.ID] = request
	return Approving{ID: begun.ID, State: api.ApprovalWaiting, Expires: begun.Expires}, nil
}

// PollApproval says how far a request of this program is, and goes on with it. Once the service says that it is approved, what this device has of
// the person's own, a password that was just typed, may open the vault; otherwise Confirm asks for ConfirmApproval. Errors: CodeApprovalForged, CodeExpired for a request that is not of this program.
func (c *Client) PollApproval(ctx context.Context, id string) (Approving, error) {
	request, err := c.requestOf(id)
	if err != nil {
		return Approving{}, err
	}
	in := api.ApprovalPollRequest{ID: id}
	answer := Approving{ID: id}
	for {
		var polled api.ApprovalPolled
		if err := c.post(ctx, api.RouteApprovalPoll, in, &polled); err != nil {
			return Approving{}, err
		}
		answer.State = polled.State
		switch polled.State {
		case api.ApprovalWaiting, api.ApprovalDenied, api.ApprovalExpired:
			return answer, nil
		}
		if err := request.Take(polled.Nonce, polled.Fingerprint); err != nil {
			return Approving{}, approvalProblem(err, nil)
		}
		if polled.State == api.ApprovalTaken && in.Reveal == nil {
			in.Reveal, _ = request.Nonce()
			continue
		}
		if answer.Number, err = request.Number(); err != nil {
			return Approving{}, approvalProblem(err, nil)
		}
		if polled.State == api.ApprovalApproved {
			state, _ := c.vaultState(ctx)
			answer.Confirm = state != VaultOpen
		}
		return answer, nil
	}
}

// ConfirmApproval takes what the person read on the other device once the number was right there. Only then does this device believe which vault
// is the person's, and can open it: the service can say "approved" by itself, and name a vault of its own. The third wrong one ends the request
// here, and nothing was believed. Errors: CodeAnswerWrong with TriesLeft, CodeNumberEarly, CodeExpired for a request that is not of this program.
func (c *Client) ConfirmApproval(ctx context.Context, id, answer string) error {
	request, err := c.requestOf(id)
	if err != nil {
		return err
	}
	account, err := c.who(ctx)
	if err != nil {
		return err
	}
	c.mu.Lock()
	err = request.Confirm(answer)
	if errors.Is(err, device.ErrTries) {
		delete(c.requests, id)
	}
	c.mu.Unlock()
	switch {
	case errors.Is(err, device.ErrNumber), errors.Is(err, device.ErrTries):
		p := problem(CodeAnswerWrong, "This is not what the other device shows.")
		p.TriesLeft = request.TriesLeft()
		return p
	case err != nil:
		return approvalProblem(err, nil)
	}
	fingerprint := base64.RawURLEncoding.EncodeToString(request.Fingerprint())
	if err := c.keys.Note(ctx, account.ID, map[string]string{noteFingerprint: fingerprint}); err != nil {
		return c.vaultProblem(err)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.requests, id)
	return nil
}

func (c *Client) requestOf(id string) (*device.Request, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.requests[id] == nil {
		return nil, problem(api.CodeExpired, "This request was not made here.")
	}
	return c.requests[id], nil
}

// Approvals lists the devices that ask to be approved. Error: CodeDeviceUntrusted.
func (c *Client) Approvals(ctx context.Context) (api.Approvals, error) {
	var answer api.Approvals
	err := c.post(ctx, api.RouteApprovals, struct{}{}, &answer)
	if answer.Approvals == nil {
		answer.Approvals = []api.Approval{}
	}
	return answer, err
}

// TakeApproval begins to answer a device, and says how far it is when called again. The vault must be open here. Errors: CodeApprovalTaken,
// CodeExpired, those of OpenVault.
func (c *Client) TakeApproval(ctx context.Context, id string) (Approving, error) {
	wanted, err := c.lookApproval(ctx, id)
	if err != nil {
		return Approving{}, err
	}
	c.mu.Lock()
	known := c.approvals[id]
	c.mu.Unlock()
	if known != nil {
		return Approving{ID: id, State: wanted.State, Expires: wanted.Expires}, nil
	}
	open, err := c.OpenVault(ctx)
	if err != nil {
		return Approving{}, err
	}
	defer open.Close()
	account, err := c.who(ctx)
	if err != nil {
		return Approving{}, err
	}
	approval, err := device.NewApproval(account.ID, wanted.Device.Public, wanted.Commit, open.Fingerprint())
	if err != nil {
		return Approving{}, approvalProblem(err, nil)
	}
	in := api.ApprovalTakeRequest{ID: id, Nonce: approval.Nonce(), Fingerprint: open.Fingerprint()}
	if err := c.post(ctx, api.RouteApprovalTake, in, nil); err != nil {
		return Approving{}, err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.approvals[id] = approval
	return Approving{ID: id, State: api.ApprovalTaken, Expires: wanted.Expires}, nil
}

func (c *Client) lookApproval(ctx context.Context, id string) (api.Approval, error) {
	var answer api.Approval
	err := c.post(ctx, api.RouteApprovalLook, api.ApprovalLookRequest{ID: id}, &answer)
	return answer, err
}

// CheckApproval answers a device: no, or yes when the number is the one that it shows; then the vault is wrapped for it, it is trusted, and the
// person types the Answer there. The third wrong number says no. Errors: CodeNumberWrong with TriesLeft, CodeNumberEarly, CodeApprovalForged, CodeApprovalTaken, CodeExpired.
func (c *Client) CheckApproval(ctx context.Context, id, number string, allow bool) (Approving, error) {
	if !allow {
		return Approving{ID: id, State: api.ApprovalDenied}, c.decide(ctx, id, false)
	}
	c.mu.Lock()
	approval := c.approvals[id]
	c.mu.Unlock()
	if approval == nil {
		return Approving{}, problem(api.CodeApprovalTaken, "This was not begun here.")
	}
	wanted, err := c.lookApproval(ctx, id)
	if err != nil {
		return Approving{}, err
	}
	if err := approval.Check(wanted.Reveal, number); err != nil {
		if errors.Is(err, device.ErrTries) || errors.Is(err, device.ErrForged) {
			_ = c.decide(ctx, id, false) // it ends by itself too
		}
		return Approving{}, approvalProblem(err, approval)
	}
	open, err := c.OpenVault(ctx)
	if err != nil {
		return Approving{}, err
	}
	defer open.Close()
	to := vault.Recipient{ID: wanted.Device.ID, Kind: vault.KindDevice, Public: approval.Public()}
	if err := open.Add(ctx, to); err != nil {
		return Approving{}, c.vaultProblem(err)
	}
	if err := c.decide(ctx, id, true); err != nil {
		return Approving{}, err
	}
	answer, err := approval.Answer()
	return Approving{ID: id, State: api.ApprovalApproved, Answer: answer}, approvalProblem(err, approval)
}

func (c *Client) decide(ctx context.Context, id string, allow bool) error {
	return c.post(ctx, api.RouteApprovalDecide, api.ApprovalDecideRequest{ID: id, Allow: allow}, nil)
}

func approvalProblem(err error, a *device.Approval) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, device.ErrEarly):
		return problem(CodeNumberEarly, "The new device does not show a number yet.")
	case errors.Is(err, device.ErrNumber), errors.Is(err, device.ErrTries):
		p := problem(CodeNumberWrong, "This is not the number that the new device shows.")
		p.TriesLeft = a.TriesLeft()
		return p
	}
	return problem(CodeApprovalForged, "The service gave something else than the other device sent.")
}
