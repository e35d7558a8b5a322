// MSAL for Node in OIDC mode: a server-side site.
import * as msal from "@azure/msal-node";
import { config, finish, visit } from "./conversation.mjs";

const site = new msal.ConfidentialClientApplication({
  auth: {
    clientId: config.client_id, clientSecret: config.client_secret, authority: config.issuer,
    knownAuthorities: [new URL(config.issuer).host],
  },
  system: { protocolMode: msal.ProtocolMode.OIDC },
});
const { verifier, challenge } = await new msal.CryptoProvider().generatePkceCodes();
const scopes = ["openid", "profile", "email", "offline_access"];
const callback = await visit(await site.getAuthCodeUrl({
  scopes, redirectUri: config.redirect_uri, codeChallenge: challenge, codeChallengeMethod: "S256", state: "somewhere", nonce: "once",
}));
const tokens = await site.acquireTokenByCode({
  code: callback.searchParams.get("code"), scopes, redirectUri: config.redirect_uri, codeVerifier: verifier, nonce: "once",
});
const cached = JSON.parse(site.getTokenCache().serialize());
const secret = Object.values(cached.RefreshToken)[0].secret;
const refreshed = await site.acquireTokenByRefreshToken({ refreshToken: secret, scopes });
const silent = await site.acquireTokenSilent({ account: tokens.account, scopes, forceRefresh: true });
finish({
  username: tokens.account.username, sub: tokens.idTokenClaims.sub, fromCache: tokens.fromCache,
  refreshed: refreshed.idTokenClaims.sub, silent: silent.idTokenClaims.sub, renewed: silent.accessToken !== tokens.accessToken,
});
