package sync

import (
	"net/http"
	"strings"
	"time"

	"github.com/latchkey-id/latchkey/edge/api"
	"github.com/latchkey-id/latchkey/edge/problem"
)

// skew is how far the clocks of two machines of the service may be apart.
const skew = 2 * time.Second

// changes connects a device to the vault, which tells it of every change from then on. A browser lets any page open a WebSocket to
// anywhere and sends cookies along, so the Origin has to be ours (RFC 6455 section 10.2). A device that is revoked between this look at it
// and the connection is not connected.
func (s *Service) changes(w http.ResponseWriter, r *http.Request) {
	since := s.Now().Add(-skew)
	who, err := s.listener(w, r)
	if err != nil {
		problem.Write(w, r, s.Log, err)
		return
	}
	s.Connect(w, r, who.account, who.device, since)
}

func (s *Service) listener(w http.ResponseWriter, r *http.Request) (caller, error) {
	if r.Method != http.MethodGet || !strings.EqualFold(r.Header.Get("Upgrade"), "websocket") {
		w.Header().Set("Upgrade", "websocket") // RFC 9110 section 15.5.22
		p := problem.New(api.CodeBadRequest)
		p.Status, p.Title = http.StatusUpgradeRequired, "This address is for WebSockets."
		return caller{}, p
	}
	if r.Header.Get("Origin") != s.Issuer {
		return caller{}, problem.New(api.CodeForbiddenOrigin)
	}
	return s.trusted(w, r)
}
