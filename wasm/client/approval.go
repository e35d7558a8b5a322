package client

import (
	"context"
	"encoding/base64"
	"errors"

	"github.com/latchkey-id/latchkey/edge/api"
	"github.com/latchkey-id/latchkey/wasm/device"
	"github.com/latchkey-id/latchkey/wasm/vault"
)

// Approving is how far an approval is. Number is what the new device shows, once there is one.
type Approving struct {
	ID      string             `json:"id"`
	State   api.ApprovalStatus `json:"state"`
	Expires int64              `json:"expires,omitempty"`
	Number  string             `json:"number,omitempty"`
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

// PollApproval says how far a request of this program is, and goes on with it. Once it is approved the vault can be opened. Errors:
// CodeApprovalForged, CodeExpired for a request that is not of this program.
func (c *Client) PollApproval(ctx context.Context, id string) (Approving, error) {
	c.mu.Lock()
	request := c.requests[id]
	c.mu.Unlock()
	if request == nil {
		return Approving{}, problem(api.CodeExpired, "This request was not made here.")
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
		answer.Number, _ = request.Number()
		if polled.State == api.ApprovalApproved {
			return answer, c.approved(ctx, request)
		}
		return answer, nil
	}
}

// approved believes which vault is the person's.
func (c *Client) approved(ctx context.Context, request *device.Request) error {
	account, err := c.who(ctx)
	if err != nil {
		return err
	}
	fingerprint := base64.RawURLEncoding.EncodeToString(request.Fingerprint())
	return c.vaultProblem(c.keys.Note(ctx, account.ID, map[string]string{noteFingerprint: fingerprint}))
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

// CheckApproval answers a device: no, or yes when the number is the one that it shows; then the vault is wrapped for it, and it is trusted. The
// third wrong number says no. Errors: CodeNumberWrong with TriesLeft, CodeNumberEarly, CodeApprovalForged, CodeApprovalTaken, CodeExpired.
func (c *Client) CheckApproval(ctx context.Context, id, number string, allow bool) error {
	if !allow {
		return c.decide(ctx, id, false)
	}
	c.mu.Lock()
	approval := c.approvals[id]
	c.mu.Unlock()
	if approval == nil {
		return problem(api.CodeApprovalTaken, "This was not begun here.")
	}
	wanted, err := c.lookApproval(ctx, id)
	if err != nil {
		return err
	}
	if err := approval.Check(wanted.Reveal, number); err != nil {
		if errors.Is(err, device.ErrTries) || errors.Is(err, device.ErrForged) {
			_ = c.decide(ctx, id, false) // it ends by itself too
		}
		return approvalProblem(err, approval)
	}
	open, err := c.OpenVault(ctx)
	if err != nil {
		return err
	}
	defer open.Close()
	to := vault.Recipient{ID: wanted.Device.ID, Kind: vault.KindDevice, Public: approval.Public()}
	if err := open.Add(ctx, to); err != nil {
		return c.vaultProblem(err)
	}
	return c.decide(ctx, id, true)
}

func (c *Client) decide(ctx context.Context, id string, allow bool) error {
	return c.post(ctx, api.RouteApprovalDecide, api.ApprovalDecideRequest{ID: id, Allow: allow}, nil)
}

func approvalProblem(err error, a *device.Approval) error {
	switch {
	case errors.Is(err, device.ErrEarly):
		return problem(CodeNumberEarly, "The new device does not show a number yet.")
	case errors.Is(err, device.ErrNumber), errors.Is(err, device.ErrTries):
		p := problem(CodeNumberWrong, "This is not the number that the new device shows.")
		p.TriesLeft = a.TriesLeft()
		return p
	}
	return problem(CodeApprovalForged, "The service gave something else than the other device sent.")
}
