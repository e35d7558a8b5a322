// The least that a plain-JavaScript Worker must do to copy a vault to a device: the same bodies out of an object's database, a page of the
// same number of rows a request, as JSON. Nothing of who asks, of versions, of what is consistent.
import { DurableObject } from "cloudflare:workers";

export class Copy extends DurableObject {
  constructor(ctx, env) {
    super(ctx, env);
    this.sql = ctx.storage.sql;
    this.sql.exec("CREATE TABLE IF NOT EXISTS record(cursor INTEGER PRIMARY KEY, id BLOB, body BLOB) STRICT");
  }
  fill(rows, bytes) {
    for (let i = 0; i < rows; i++) {
      this.sql.exec("INSERT INTO record(id, body) VALUES(?,?)", crypto.getRandomValues(new Uint8Array(16)), crypto.getRandomValues(new Uint8Array(bytes)));
    }
  }
  page(after, limit) {
    return this.sql.exec("SELECT cursor, id, body FROM record WHERE cursor > ? ORDER BY cursor LIMIT ?", after, limit).toArray();
  }
}

const base64url = (data) => Buffer.from(data).toString("base64url");

export default {
  async fetch(request, env) {
    const { searchParams: q } = new URL(request.url);
    const object = env.COPY.getByName("a");
    if (q.has("rows")) {
      await object.fill(Number(q.get("rows")), Number(q.get("bytes")));
      return new Response();
    }
    const { after, limit } = await request.json();
    const rows = await object.page(after, limit);
    return Response.json({
      records: rows.map(({ id, body }) => ({ collection: "AAAAAAAAAAAAAAAAAAAAAA", id: base64url(id), version: 1, body: base64url(body) })),
      cursor: rows.at(-1)?.cursor ?? after, more: rows.length === limit,
    });
  },
};
