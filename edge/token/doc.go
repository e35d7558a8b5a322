// Package token is the OpenID provider: the OAuth 2 and OpenID Connect endpoints of Latchkey, one file each.
//
//	browser                        this package                              elsewhere
//	───────                        ────────────                              ─────────
//	GET /oauth2/authorize ───────► parse, match redirect URI, validate ────► tenant: the application
//	                               session good enough?
//	                                 yes ──────────────────────────────────► account: Authorize (one transaction)
//	◄──── 302 application?code ──────┘
//	                                 no: seal the request into a cookie
//	◄──── 302 /signin?flow=… ────────┘  __Host-flow-<id>
//	      (edge/signin: password)
//	GET /oauth2/resume?flow=… ───► open the cookie, look at the session again
//	◄──── 302 application?code ──────┘
//
//	application                    POST /oauth2/token
//	      ───────────────────────► who is the client → which grant ────────► account: Redeem (consumes the code)
//	◄──── ID token, access token ────┘                                        keys: Sign, Seal
//	      ───────────────────────► GET /oauth2/userinfo ───────────────────► account: Userinfo (grant still there?)
//
//	browser                        GET /oauth2/logout: whose sign-out is it, where does it lead
//	◄──── 302 /signout?flow=… ───────┘  &confirm=1 unless the hint names this very session
//	POST /api/signout ───────────► end the session ────────────────────────► account: EndSession
//	◄──── front-channel pages ───────┘                                        outbox "logout" → BackChannel
//
// A request travels as a value. What was validated at /oauth2/authorize is sealed into a cookie of that browser, so the front
// stays stateless and a stranger cannot make somebody else's browser finish his sign-in (login CSRF). A code, an access token and
// an ID token name the account they belong to, so no endpoint needs a look-up table.
//
// The pipeline at the token endpoint owns what every grant shares (reading the form, the client's authentication, what the
// client may use, the answer); a grant is one function in one file, grant_….go. Errors are values of edge/oauth and its Writer is
// the only code that puts them on the wire.
//
// The package decides nothing about people: whether a session, a code or a grant is good is the account object's answer.
// edge/server mounts it and hands in what it calls (Deps).
package token
