// oidc-client-ts as a single-page application uses it. The page has three buttons and says what it knows.
import { UserManager, WebStorageStateStore } from "oidc-client-ts";

const config = JSON.parse(document.getElementById("config").textContent);
const manager = new UserManager({
  authority: config.issuer, client_id: config.client_id, redirect_uri: location.origin + "/callback",
  post_logout_redirect_uri: location.origin + "/", scope: "openid profile email offline_access",
  loadUserInfo: true, monitorSession: false, userStore: new WebStorageStateStore({ store: sessionStorage }),
});
const say = (facts) => (document.getElementById("facts").textContent = JSON.stringify(facts));
const fail = (error) => say({ error: `${error.name}: ${error.message}` });
const facts = (user) => ({ sub: user.profile.sub, email: user.profile.email, expires: user.expires_at, token: user.access_token });

document.getElementById("signin").onclick = () => manager.signinRedirect().catch(fail);
document.getElementById("refresh").onclick = () => manager.signinSilent().then((user) => say({ ...facts(user), refreshed: true }), fail);
document.getElementById("signout").onclick = () => manager.signoutRedirect().catch(fail);
if (location.pathname === "/callback") {
  manager.signinRedirectCallback().then((user) => say(facts(user)), fail);
} else {
  manager.getUser().then((user) => say(user ? facts(user) : { nobody: true }), fail);
}
