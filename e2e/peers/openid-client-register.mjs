// openid-client registers itself, asks a person who has never heard of it, and unregisters.
import * as client from "openid-client";
import { config, finish, refused, visit } from "./conversation.mjs";

const metadata = {
  client_name: "Self-made", redirect_uris: [config.redirect_uri], grant_types: ["authorization_code", "refresh_token"],
  token_endpoint_auth_method: "client_secret_basic", subject_type: "pairwise", id_token_signed_response_alg: "EdDSA", userinfo_signed_response_alg: "ES256",
};
const register = () => client.dynamicClientRegistration(new URL(config.issuer), metadata, client.ClientSecretBasic(), { initialAccessToken: config.initial_access_token });
const site = await register();
const second = await refused(register);
const verifier = client.randomPKCECodeVerifier();
const state = client.randomState();
const nonce = client.randomNonce();
const address = client.buildAuthorizationUrl(site, {
  redirect_uri: config.redirect_uri, scope: "openid profile", state, nonce,
  code_challenge: await client.calculatePKCECodeChallenge(verifier), code_challenge_method: "S256",
});
const tokens = await client.authorizationCodeGrant(site, await visit(address), { pkceCodeVerifier: verifier, expectedState: state, expectedNonce: nonce });
const person = await client.fetchUserInfo(site, tokens.access_token, tokens.claims().sub);

// RFC 7592: what was registered can be read and removed with the token that came with it.
const { registration_client_uri: at, registration_access_token: token, client_name: name } = site.clientMetadata();
const manage = (method) => fetch(at, { method, headers: { authorization: `Bearer ${token}` } });
const read = await (await manage("GET")).json();
const removed = (await manage("DELETE")).status;
const gone = await refused(() => client.refreshTokenGrant(site, tokens.refresh_token));
finish({ name, read: read.client_name, second, sub: tokens.claims().sub, username: person.preferred_username, removed, gone });
