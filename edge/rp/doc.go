// Package rp is what a Go site imports to let people sign in with Latchkey, or with any OpenID provider that
// speaks the code flow with PKCE.
//
//	auth, err := rp.New(rp.Config{
//		Issuer:       "https://login.example",
//		ClientID:     "shop",
//		ClientSecret: os.Getenv("SHOP_SECRET"),
//		BaseURL:      "https://shop.example",
//		CookieKey:    key, // 32 random bytes, the same on every replica
//	})
//	mux.Handle("/auth/", auth)                       // sign-in, callback, sign-out, both logout channels
//	mux.Handle("/members/", auth.Require(members))   // sends people to sign in when they have to
//	user, ok := auth.User(request)                   // who is it?
//
// Register these with the provider, where BASE is Config.BaseURL:
//
//	redirect URI               BASE/auth/callback
//	post-logout redirect URI   BASE/auth/signed-out
//	back-channel logout URI    BASE/auth/backchannel-logout
//	front-channel logout URI   BASE/auth/frontchannel-logout
//
// After a sign-in the site keeps its own cookie: a JWE that only the site can read, limited in time
// (Config.Lifetime). While it is valid the provider is not asked again. The provider can end it early over either logout
// channel; what was ended is remembered in Config.Revocations until the cookie would have expired by itself.
//
// The package imports nothing of the server. It keeps no state but the provider's keys and, unless Config.Revocations is
// set, the list of ended sessions.
package rp
