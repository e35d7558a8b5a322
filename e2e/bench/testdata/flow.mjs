// The least that a plain-JavaScript Worker must do for one code flow: the same number of durable writes (one when the code is made,
// one when it is redeemed) and of native signatures (one ID token) as Latchkey, and nothing else: no validation, no
// encryption, no sessions.
import { DurableObject } from "cloudflare:workers";
import { createHash, generateKeyPairSync, randomBytes, sign } from "node:crypto";

let key;
const base64url = (data) => Buffer.from(data).toString("base64url");

export class Code extends DurableObject {
  constructor(ctx, env) {
    super(ctx, env);
    this.sql = ctx.storage.sql;
    this.sql.exec("CREATE TABLE IF NOT EXISTS code(hash TEXT PRIMARY KEY, claims TEXT, spent INTEGER) STRICT");
  }
  put(hash, claims) {
    this.sql.exec("INSERT INTO code VALUES(?,?,0)", hash, claims);
  }
  spend(hash) {
    return this.sql.exec("UPDATE code SET spent=1 WHERE hash=? AND spent=0 RETURNING claims", hash).toArray()[0]?.claims;
  }
}

export default {
  async fetch(request, env) {
    const url = new URL(request.url);
    const object = env.CODE.get(env.CODE.idFromName(url.searchParams.get("account") ?? "a"));
    if (url.pathname === "/authorize") {
      const code = base64url(randomBytes(32));
      await object.put(createHash("sha256").update(code).digest("hex"), JSON.stringify({ sub: "person", nonce: url.searchParams.get("nonce") }));
      return new Response(null, { status: 302, headers: { location: `https://shop.example/callback?code=${code}` } });
    }
    const form = new URLSearchParams(await request.text());
    const claims = await object.spend(createHash("sha256").update(form.get("code")).digest("hex"));
    if (!claims) return new Response("no", { status: 400 });
    key ??= generateKeyPairSync("ec", { namedCurve: "P-256" }).privateKey;
    const body = `${base64url('{"alg":"ES256"}')}.${base64url(claims)}`;
    const token = `${body}.${base64url(sign("sha256", Buffer.from(body), key))}`;
    return Response.json({ id_token: token, access_token: base64url(randomBytes(32)), token_type: "Bearer" });
  },
};
