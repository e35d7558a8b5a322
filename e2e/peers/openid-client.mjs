// openid-client as a server-side site uses it: code with PKCE, userinfo, refresh, introspection, revocation, sign-out.
import * as client from "openid-client";
import { config, finish, refused, visit } from "./conversation.mjs";

const site = await client.discovery(new URL(config.issuer), config.client_id, { client_secret: config.client_secret });
const verifier = client.randomPKCECodeVerifier();
const state = client.randomState();
const nonce = client.randomNonce();
const callback = await visit(client.buildAuthorizationUrl(site, {
  redirect_uri: config.redirect_uri, scope: "openid profile email offline_access", state, nonce, max_age: "600",
  code_challenge: await client.calculatePKCECodeChallenge(verifier), code_challenge_method: "S256",
}));
const checks = { pkceCodeVerifier: verifier, expectedState: state, expectedNonce: nonce, maxAge: 600, idTokenExpected: true };
const first = await client.authorizationCodeGrant(site, callback, checks);
const replayed = await refused(() => client.authorizationCodeGrant(site, callback, checks));

// The replay has revoked everything; the person's session answers for a second code at once.
const again = await visit(client.buildAuthorizationUrl(site, {
  redirect_uri: config.redirect_uri, scope: "openid profile email offline_access", state, nonce,
  code_challenge: await client.calculatePKCECodeChallenge(verifier), code_challenge_method: "S256",
}));
const second = await client.authorizationCodeGrant(site, again, { ...checks, maxAge: undefined });
const claims = second.claims();
const person = await client.fetchUserInfo(site, second.access_token, claims.sub);
const refreshed = await client.refreshTokenGrant(site, second.refresh_token);
const active = await client.tokenIntrospection(site, refreshed.access_token);
await client.tokenRevocation(site, refreshed.refresh_token);
const revoked = await client.tokenIntrospection(site, refreshed.access_token);
const afterRevocation = await refused(() => client.refreshTokenGrant(site, refreshed.refresh_token));
const left = await visit(client.buildEndSessionUrl(site, {
  id_token_hint: second.id_token, post_logout_redirect_uri: config.post_logout_redirect_uri, state,
}));
finish({
  first: first.claims().sub, replayed, sub: claims.sub, username: person.preferred_username, name: person.name,
  refreshed: refreshed.claims()?.sub, rotated: refreshed.refresh_token !== second.refresh_token,
  active: active.active, revoked: revoked.active, afterRevocation, left: String(left),
});
