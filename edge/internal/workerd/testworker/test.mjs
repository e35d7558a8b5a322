// The Worker of the tests: Latchkey's own with kinds of objects for tests and a route that tells how the isolate is doing.
import worker, { StoredObject } from "./worker.mjs";
import { gauge } from "./internal/workerd/isolate.mjs";

export class Counter extends StoredObject { static kind = "counter"; }
export class Probe extends StoredObject {
  static kind = "probe";
  static woken = 0; // so often an object of this class was made, which it is again when it was put to sleep

  constructor(ctx, env) {
    super(ctx, env);
    Probe.woken++;
  }

  get lifetime() {
    return Number(this.env.SOCKET_LIFETIME) || super.lifetime;
  }
}
export class Vault extends StoredObject { static kind = "vault"; }

export default {
  fetch(request, env, ctx) {
    if (request.url.endsWith("/gauge")) return Response.json({ ...gauge(), woken: Probe.woken });
    const cf = request.headers.get("test-cf"); // what Cloudflare would say of the connection
    return worker.fetch(cf ? new Request(request, { cf: JSON.parse(cf) }) : request, env, ctx);
  },
};
