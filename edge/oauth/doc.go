// Package oauth is the vocabulary that everything speaking OAuth 2 here shares: error values and the one writer
// that puts them on the wire, parameters, scopes, PKCE, redirect URIs and response modes.
//
// It is a leaf: it imports nothing of this module but edge/api, keeps no state and decides nothing about accounts or
// applications. Package token builds the endpoints with it; edge/rp may use it on the other side.
//
// An error reaches the caller in one of four ways, and which one is right depends on how far the request
// could be trusted when it failed (see Writer):
//
//	nobody known to send it to   Page    302 to /error?code=…           redirect URI missing, unknown, repeated
//	application known            Answer  its redirect URI, error=…      anything else wrong at /oauth2/authorize
//	back channel                 JSON    400 or 401, {"error": …}       /oauth2/token
//	bearer token                 Bearer  WWW-Authenticate: Bearer …     /oauth2/userinfo
package oauth
