// MSAL for the browser in OIDC mode: a single-page application.
import { PublicClientApplication } from "@azure/msal-browser";

const config = JSON.parse(document.getElementById("config").textContent);
const app = new PublicClientApplication({
  auth: {
    clientId: config.client_id, authority: config.issuer, knownAuthorities: [new URL(config.issuer).host],
    redirectUri: location.origin + "/callback", postLogoutRedirectUri: location.origin + "/",
  },
  system: { protocolMode: "OIDC" },
});
const scopes = ["openid", "profile", "email", "offline_access"];
const say = (facts) => (document.getElementById("facts").textContent = JSON.stringify(facts));
const fail = (error) => say({ error: `${error.name}: ${error.message}` });
const facts = (result) => ({ sub: result.idTokenClaims.sub, username: result.account.username, token: result.accessToken });

document.getElementById("signin").onclick = () => app.loginRedirect({ scopes }).catch(fail);
document.getElementById("refresh").onclick = () => app.acquireTokenSilent({ scopes, account: app.getAllAccounts()[0], forceRefresh: true })
  .then((result) => say({ ...facts(result), refreshed: true }), fail);
// Without a hint nobody can tell which application asks, and where it may lead.
document.getElementById("signout").onclick = () => {
  const [account] = app.getAllAccounts();
  app.logoutRedirect({ account, idTokenHint: account.idToken }).catch(fail);
};

app.initialize().then(() => app.handleRedirectPromise()).then((result) => {
  say(result ? facts(result) : { nobody: app.getAllAccounts().length === 0 });
}).catch(fail);
