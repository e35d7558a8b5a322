// oauth4webapi, the strictest of them: every answer of the provider is checked step by step. A native application, answered on
// the loopback interface, with a signed request object and an ID token of its own.
import * as oauth from "oauth4webapi";
import { config, finish, visit } from "./conversation.mjs";

const issuer = new URL(config.issuer);
const server = await oauth.processDiscoveryResponse(issuer, await oauth.discoveryRequest(issuer));
const client = { client_id: config.client_id, token_endpoint_auth_method: "none" };
const verifier = oauth.generateRandomCodeVerifier();
const state = oauth.generateRandomState();
const nonce = oauth.generateRandomNonce();
const address = new URL(server.authorization_endpoint);
for (const [name, value] of Object.entries({
  client_id: config.client_id, redirect_uri: config.redirect_uri, response_type: "code", scope: "openid profile offline_access",
  code_challenge: await oauth.calculatePKCECodeChallenge(verifier), code_challenge_method: "S256", state, nonce, claims: JSON.stringify({ id_token: { auth_time: { essential: true } } }),
})) address.searchParams.set(name, value);
const callback = oauth.validateAuthResponse(server, client, await visit(address), state);
const none = oauth.None();
const answer = await oauth.authorizationCodeGrantRequest(server, client, none, callback, config.redirect_uri, verifier);
const tokens = await oauth.processAuthorizationCodeResponse(server, client, answer, { expectedNonce: nonce, requireIdToken: true });
await oauth.validateApplicationLevelSignature(server, answer);
const claims = oauth.getValidatedIdTokenClaims(tokens);
const person = await oauth.processUserInfoResponse(server, client, claims.sub, await oauth.userInfoRequest(server, client, tokens.access_token));
const refreshed = await oauth.processRefreshTokenResponse(server, client, await oauth.refreshTokenGrantRequest(server, client, none, tokens.refresh_token));
await oauth.processRevocationResponse(await oauth.revocationRequest(server, client, none, refreshed.refresh_token));
const out = new URL(server.end_session_endpoint);
out.searchParams.set("id_token_hint", tokens.id_token);
out.searchParams.set("client_id", config.client_id);
const left = await visit(out);
finish({ sub: claims.sub, name: person.name, username: person.preferred_username, refreshed: oauth.getValidatedIdTokenClaims(refreshed)?.sub, left: left.pathname });
