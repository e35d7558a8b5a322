// openid-client under the FAPI 2.0 security profile: pushed request, private_key_jwt, DPoP with the server's nonces.
import * as client from "openid-client";
import { config, finish, refused, visit } from "./conversation.mjs";

const key = await crypto.subtle.importKey("jwk", config.key, { name: "ECDSA", namedCurve: "P-256" }, false, ["sign"]);
const site = await client.discovery(new URL(config.issuer), config.client_id, undefined, client.PrivateKeyJwt({ key, kid: config.key.kid }));
const DPoP = client.getDPoPHandle(site, await client.randomDPoPKeyPair("ES256"));
const verifier = client.randomPKCECodeVerifier();
const state = client.randomState();
const nonce = client.randomNonce();
const request = {
  redirect_uri: config.redirect_uri, scope: "openid profile offline_access", state, nonce,
  code_challenge: await client.calculatePKCECodeChallenge(verifier), code_challenge_method: "S256",
};
const address = await client.buildAuthorizationUrlWithPAR(site, request, { DPoP });
const callback = await visit(address);
const granted = await client.authorizationCodeGrant(site, callback, { pkceCodeVerifier: verifier, expectedState: state, expectedNonce: nonce }, undefined, { DPoP });
const person = await client.fetchUserInfo(site, granted.access_token, granted.claims().sub, { DPoP });
const refreshed = await client.refreshTokenGrant(site, granted.refresh_token, undefined, { DPoP });
const asBearer = await fetch(site.serverMetadata().userinfo_endpoint, { headers: { authorization: `Bearer ${refreshed.access_token}` } });
const thief = client.getDPoPHandle(site, await client.randomDPoPKeyPair("ES256"));
const stolen = await refused(() => client.fetchUserInfo(site, refreshed.access_token, granted.claims().sub, { DPoP: thief }));
const plain = await visit(client.buildAuthorizationUrl(site, request));
finish({
  type: granted.token_type, sub: person.sub, refreshed: refreshed.token_type, asBearer: asBearer.status,
  stolen, plain: plain.searchParams.get("error") ?? plain.pathname,
});
