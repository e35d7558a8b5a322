// @cloudflare/workers-oauth-provider over KV. Everybody is signed in: /authorize says yes at once, as for a person who agreed before.
import { OAuthProvider } from "@cloudflare/workers-oauth-provider";

let client;
const site = {
  async fetch(request, env) {
    const url = new URL(request.url);
    const helpers = env.OAUTH_PROVIDER;
    if (url.pathname === "/client") {
      client ??= await helpers.createClient({ redirectUris: ["https://bench.example/callback"], tokenEndpointAuthMethod: "client_secret_basic" });
      return Response.json({ id: client.clientId, secret: client.clientSecret });
    }
    const asked = await helpers.parseAuthRequest(request);
    const { redirectTo } = await helpers.completeAuthorization({
      request: asked, userId: url.searchParams.get("login_hint"), metadata: {}, scope: asked.scope, props: { name: "Ada Lovelace" }, revokeExistingGrants: false,
    });
    return Response.redirect(redirectTo, 302);
  },
};
const api = { fetch: async () => new Response("ok") };
export default new OAuthProvider({
  apiRoute: "/api", apiHandler: api, defaultHandler: site, authorizeEndpoint: "/authorize", tokenEndpoint: "/token",
  scopesSupported: ["openid", "profile", "email", "offline_access"], resourceMetadata: { resource: "http://127.0.0.1/api" },
});
