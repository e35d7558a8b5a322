// Package message delivers mail to people: what a letter says in each language, how it is written as a message, and three ways
// out. It is called by the effect of an outbox (edge/server connects it), so Send may be repeated and says whether repeating
// helps. It decides nothing about accounts and keeps nothing, but for the local outbox.
//
//	outbox:                                            kept, shown at GET /operator/outbox: for local runs and tests
//	smtp://user:password@host:587?from=…&tls=starttls  SMTP (RFC 5321) over the runtime's sockets
//	https://token@api.example/emails?from=…&api=…      a transactional-mail service
//
// from is an address, "noreply@id.example" or "Example <noreply@id.example>", percent-encoded. Characters of user, password
// and token that mean something in a URL are percent-encoded too.
//
// smtp: tls is starttls (default, port 587: the server must offer it), on (TLS from the first byte, port 465), or off (port 25:
// only for a relay on the same machine or network; with a password only on this machine).
//
// https: api=resend (default) posts {"from", "to": [address], "subject", "text", "html"}; api=postmark posts {"From", "To", "Subject",
// "TextBody", "HtmlBody", "MessageStream"}. Both carry "Authorization: Bearer token" and "Idempotency-Key: id", Postmark's the token
// also as X-Postmark-Server-Token. Any 2xx is success.
//
// Texts and calls to phones leave through an HTTP interface as Twilio's:
//
//	https://sid:token@api.twilio.com/?from=%2B4930123456
//
// Texts are posted to …/2010-04-01/Accounts/{sid}/Messages.json as the form To, From and Body, calls to …/Calls.json as To, From and Twiml,
// with HTTP Basic authentication. A path in the URL takes the place of /2010-04-01/Accounts/{sid}; messaging=… in the place of from= names
// a messaging service for texts. Any 2xx is success, 400 a number that nothing reaches. While mail is kept in the outbox and there is no
// such URL, so are messages to phones.
//
// What a letter says is secret: it goes to the recipient and into no log and no error.
package message
