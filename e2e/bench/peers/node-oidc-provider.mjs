// oidc-provider (panva) on Node with SQLite on disk, as its users run it: one process, write-ahead log, every write durable.
// argv: port, database file, client secret. It signs the person in by itself; everything else is the library's own.
import { DatabaseSync } from "node:sqlite";
import { Provider } from "oidc-provider";

const [port, file, secret] = process.argv.slice(2);
const db = new DatabaseSync(file);
db.exec(`PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;
  CREATE TABLE IF NOT EXISTS entity (kind TEXT, id TEXT, data TEXT, grant_id TEXT, uid TEXT, expires INTEGER, PRIMARY KEY (kind, id)) STRICT, WITHOUT ROWID;
  CREATE INDEX IF NOT EXISTS by_grant ON entity (grant_id); CREATE INDEX IF NOT EXISTS by_uid ON entity (kind, uid);`);
const put = db.prepare("INSERT INTO entity VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (kind, id) DO UPDATE SET data = excluded.data, expires = excluded.expires");
const get = db.prepare("SELECT data FROM entity WHERE kind = ? AND id = ?");
const byUID = db.prepare("SELECT data FROM entity WHERE kind = ? AND uid = ?");
const consume = db.prepare("UPDATE entity SET data = json_set(data, '$.consumed', ?) WHERE kind = ? AND id = ?");
const drop = db.prepare("DELETE FROM entity WHERE kind = ? AND id = ?");
const revoke = db.prepare("DELETE FROM entity WHERE grant_id = ?");
const parse = (row) => row && JSON.parse(row.data);

class Adapter {
  constructor(kind) { this.kind = kind; }
  async upsert(id, data, expiresIn) {
    put.run(this.kind, id, JSON.stringify(data), data.grantId ?? null, data.uid ?? null, Math.floor(Date.now() / 1000) + (expiresIn ?? 0));
  }
  async find(id) { return parse(get.get(this.kind, id)); }
  async findByUid(uid) { return parse(byUID.get(this.kind, uid)); }
  async findByUserCode() {}
  async consume(id) { consume.run(Math.floor(Date.now() / 1000), this.kind, id); }
  async destroy(id) { drop.run(this.kind, id); }
  async revokeByGrantId(id) { revoke.run(id); }
}

const issuer = `http://127.0.0.1:${port}`;
const provider = new Provider(issuer, {
  adapter: Adapter,
  clients: [["bench", ["authorization_code", "client_credentials"]], ["bench-refresh", ["authorization_code", "refresh_token"]]].map(([id, grants]) => ({
    client_id: id, client_secret: secret, redirect_uris: ["https://bench.example/callback"], grant_types: grants, id_token_signed_response_alg: "ES256",
  })),
  jwks: { keys: [{ ...(await crypto.subtle.exportKey("jwk", (await crypto.subtle.generateKey({ name: "ECDSA", namedCurve: "P-256" }, true, ["sign"])).privateKey)), alg: "ES256", use: "sig" }] },
  cookies: { keys: [secret], long: { signed: true }, short: { signed: true } },
  features: {
    devInteractions: { enabled: false }, clientCredentials: { enabled: true }, introspection: { enabled: true },
    resourceIndicators: { enabled: false },
  },
  issueRefreshToken: async (ctx, client) => client.grantTypeAllowed("refresh_token"),
  rotateRefreshToken: true,
  findAccount: (ctx, id) => ({ accountId: id, claims: async () => ({ sub: id, name: "Ada Lovelace", email: "ada@example.com" }) }),
  loadExistingGrant: async (ctx) => {
    const known = ctx.oidc.session.grantIdFor(ctx.oidc.client.clientId);
    if (known) return ctx.oidc.provider.Grant.find(known);
    const grant = new ctx.oidc.provider.Grant({ clientId: ctx.oidc.client.clientId, accountId: ctx.oidc.session.accountId });
    grant.addOIDCScope("openid profile email");
    await grant.save();
    return grant;
  },
  interactions: { url: (ctx, interaction) => `/interaction/${interaction.uid}` },
  pkce: { required: () => true },
});
provider.use(async (ctx, next) => {
  if (!ctx.path.startsWith("/interaction/")) return next();
  const { params } = await provider.interactionDetails(ctx.req, ctx.res);
  await provider.interactionFinished(ctx.req, ctx.res, { login: { accountId: params.login_hint }, consent: {} }, { mergeWithLastSubmission: false });
  ctx.respond = false;
});
provider.listen(Number(port), "127.0.0.1", () => console.log("ready"));
