package message

import (
	"html"
	"net"
	"net/http"
	"net/netip"
	"strings"
	"time"

	"github.com/latchkey-id/latchkey/edge/api"
	"github.com/latchkey-id/latchkey/edge/problem"
)

// RouteOutbox shows the local outbox: JSON (Letters), or a page when a browser asks.
const RouteOutbox = "/operator/outbox"

// serve needs no key, because a person opens it; so it answers only under names of this machine, and a deployment that was left
// with outbox: shows nobody's codes to the world.
func (o *outbox) serve(w http.ResponseWriter, r *http.Request) {
	if !localName(r.Host) {
		o.log.WarnContext(r.Context(), "outbox asked for under a public name; set LATCHKEY_MAIL to send mail", "host", r.Host)
		problem.Write(w, r, o.log, problem.New(api.CodeNotFound))
		return
	}
	letters, err := list.Call(r.Context(), o.host, Outbox, none{})
	if err != nil {
		problem.Write(w, r, o.log, err)
		return
	}
	w.Header().Set("Vary", "Accept")
	if !strings.Contains(r.Header.Get("Accept"), "text/html") {
		problem.JSON(w, letters)
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Header().Set("Cache-Control", "no-store")
	w.Write([]byte(page(letters)))
}

// localName reports whether a Host header names this machine: loopback, localhost, or one of the names reserved for tests
// (RFC 6761 section 6.2 and 6.3).
func localName(host string) bool {
	if name, _, err := net.SplitHostPort(host); err == nil {
		host = name
	}
	host = strings.ToLower(strings.Trim(host, "[]"))
	if ip, err := netip.ParseAddr(host); err == nil {
		return ip.IsLoopback()
	}
	return host == "localhost" || strings.HasSuffix(host, ".localhost") || strings.HasSuffix(host, ".test") || strings.HasSuffix(host, ".localtest")
}

// page is plain HTML without styles and scripts of its own, so that it needs no exception in any policy.
func page(letters Letters) string {
	var b strings.Builder
	b.WriteString("<!DOCTYPE html>\n<html lang=\"en\">\n<head><meta charset=\"utf-8\"><title>Outbox</title>" +
		"<meta name=\"viewport\" content=\"width=device-width\"></head>\n<body>\n<main>\n<h1>Outbox</h1>\n" +
		"<p>Mail is kept here and not sent, because LATCHKEY_MAIL is <code>outbox:</code>. The newest is first; reload to see more.</p>\n")
	if len(letters.Messages) == 0 {
		b.WriteString("<p>Nothing has been sent yet.</p>\n")
	}
	for _, m := range letters.Messages {
		b.WriteString("<article lang=\"" + html.EscapeString(m.Language) + "\">\n<h2>" + html.EscapeString(m.Subject) + "</h2>\n<p>To " +
			html.EscapeString(m.To) + ", " + time.Unix(m.Sent, 0).UTC().Format("2006-01-02 15:04:05") + " UTC</p>\n<pre>" +
			html.EscapeString(m.Text) + "</pre>\n</article>\n")
	}
	b.WriteString("</main>\n</body>\n</html>\n")
	return b.String()
}
