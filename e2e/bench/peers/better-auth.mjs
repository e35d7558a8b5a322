// better-auth with its oauth-provider over D1.
import { betterAuth } from "better-auth";
import { jwt } from "better-auth/plugins";
import { oauthProvider } from "@better-auth/oauth-provider";
import { getMigrations } from "better-auth/db/migration";

let options, auth;
const start = (env) => {
  options ??= {
    database: env.DB, secret: env.SECRET, baseURL: env.BASE, emailAndPassword: { enabled: true }, rateLimit: { enabled: false },
    logger: { disabled: true }, telemetry: { enabled: false }, disabledPaths: ["/token"],
    plugins: [jwt({ jwks: { keyPairConfig: { alg: "ES256" } } }), oauthProvider({
      loginPage: "/sign-in", consentPage: "/consent", scopes: ["openid", "profile", "email", "offline_access", "stock"], clientPrivileges: () => true,
      silenceWarnings: { oauthAuthServerConfig: true, openidConfig: true },
    })],
  };
  auth ??= betterAuth(options);
};
export default {
  async fetch(request, env) {
    start(env);
    const url = new URL(request.url);
    if (url.pathname === "/migrate") {
      await (await getMigrations(options)).runMigrations();
      return new Response("ok");
    }
    if (url.pathname === "/client") {
      const made = await auth.api.adminCreateOAuthClient({
        headers: request.headers,
        body: {
          redirect_uris: ["https://bench.example/callback"], client_name: "bench", skip_consent: true, token_endpoint_auth_method: "client_secret_basic",
          grant_types: ["authorization_code", "refresh_token", "client_credentials"], scope: "openid profile email offline_access stock", client_credentials_scopes: ["stock"],
        },
      });
      return Response.json({ id: made.client_id, secret: made.client_secret });
    }
    return auth.handler(request);
  },
};
