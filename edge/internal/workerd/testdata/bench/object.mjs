// What objects through the bridge are measured beside: the same durable write in plain JavaScript.
import { DurableObject } from "cloudflare:workers";

export class Counter extends DurableObject {
  constructor(ctx, env) {
    super(ctx, env);
    ctx.storage.sql.exec("CREATE TABLE IF NOT EXISTS counter (n INTEGER NOT NULL) STRICT");
    if (ctx.storage.sql.exec("SELECT n FROM counter").toArray().length === 0) ctx.storage.sql.exec("INSERT INTO counter VALUES (0)");
  }

  add(by) {
    return this.ctx.storage.transactionSync(() =>
      this.ctx.storage.sql.exec("UPDATE counter SET n = n + ? RETURNING n", by).one().n);
  }

  read() {
    return this.ctx.storage.sql.exec("SELECT n FROM counter").one().n;
  }
}

export default {
  async fetch(request, env) {
    const [, method, name] = new URL(request.url).pathname.split("/");
    const stub = env.COUNTER.get(env.COUNTER.idFromName(name));
    return new Response(String(method === "add" ? await stub.add(1) : await stub.read()));
  },
};
