package message

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"mime"
	"mime/quotedprintable"
	"net/mail"
	"strings"
	"time"
)

// message writes a letter as RFC 5322 asks: headers, and the text and its HTML twin as multipart/alternative (RFC 2046 section 5.1.4),
// quoted-printable, so that every line is short and ASCII. Lines end with CRLF. The addresses are valid ones.
func (l letter) message(id, to string, from mail.Address, now time.Time) []byte {
	boundary := rand.Text()
	var b strings.Builder
	for _, h := range [][2]string{
		{"From", from.String()},
		{"To", "<" + to + ">"},
		{"Subject", mime.QEncoding.Encode("utf-8", l.subject)},
		{"Date", now.UTC().Format("Mon, 02 Jan 2006 15:04:05 +0000")},
		{"Message-ID", "<" + messageID(id) + "@" + domainOf(from.Address) + ">"},
		{"Auto-Submitted", "auto-generated"}, // RFC 3834: nobody's out-of-office answers
		{"MIME-Version", "1.0"},
		{"Content-Type", `multipart/alternative; boundary="` + boundary + `"`},
	} {
		b.WriteString(h[0] + ": " + h[1] + "\r\n")
	}
	b.WriteString("\r\n")
	part(&b, boundary, "text/plain", l.text)
	part(&b, boundary, "text/html", l.html)
	b.WriteString("--" + boundary + "--\r\n")
	return []byte(b.String())
}

func part(b *strings.Builder, boundary, media, body string) {
	b.WriteString("--" + boundary + "\r\nContent-Type: " + media + "; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n")
	w := quotedprintable.NewWriter(b)
	w.Write([]byte(body)) // a Builder takes everything
	w.Close()
	b.WriteString("\r\n")
}

// messageID is the same for the same id and has only characters that a message id may have.
func messageID(id string) string {
	sum := sha256.Sum256([]byte(id))
	return hex.EncodeToString(sum[:16])
}
