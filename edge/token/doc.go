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
//	      (edge/signin: password)    or /signup, or /consent?flow=…, whose answer
//	POST /api/consent/decide ────► goes into the cookie: pending.go lists what a person may have to do
//	GET /oauth2/resume?flow=… ───► open the cookie, look at the session again
//	◄──── 302 application?code ──────┘
//
//	application                    POST /oauth2/token
//	      ───────────────────────► who is the client → which grant ────────► account: Redeem, Refresh (consume what was shown)
//	◄──── tokens ────────────────────┘  mint: for which API, in what form     keys: Sign, Seal
//	      ───────────────────────► GET /oauth2/userinfo ───────────────────► account: GrantFacts (still there?)
//	      ───────────────────────► POST /oauth2/revoke ────────────────────► account: RevokeGrant
//
//	API                            POST /oauth2/introspect
//	      ───────────────────────► whose token, may this API know ─────────► account: GrantFacts, unless an application acts for itself
//
//	device                         POST /oauth2/device_authorization ────► device: Begin
//	◄──── user_code, device_code ────┘
//	browser, /device               POST /api/device: what asks, from where ► device: Look
//	                               POST /api/device/answer: yes ──────────► account: Authorize, device: Decide
//	device ────────────────────► POST /oauth2/token, again and again ────► device: Poll (spends the yes), account: Redeem
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
// An access token is for one reader: an API that the application registered for, in the form that the API registered (a JWT of
// RFC 9068 or an opaque one), or, where no API is meant, for userinfo here. A request that names several APIs is refused, and the scope of
// a token is what its reader understands of what was granted. A refresh token belongs to every application that registered the grant:
// with offline_access it outlives the session, without it it does not.
//
// The package decides nothing about people: whether a session, a code or a grant is good is the account object's answer.
// edge/server mounts it and hands in what it calls (Deps).
package token
