// The Worker: Latchkey's edge on Cloudflare, under wrangler and on plain workerd. It holds one warm Go program for the whole
// isolate and passes requests and calls of objects to it; edge/internal/workerd says how.
import { DurableObject } from "cloudflare:workers";
import { Reader, Writer } from "./internal/workerd/frames.mjs";
import { warm } from "./internal/workerd/isolate.mjs";
import { unknown } from "./internal/workerd/program.mjs";
import { readAll } from "./internal/workerd/outbound.mjs";
import { Upload } from "./internal/workerd/upload.mjs";

const none = new Uint8Array(0);
const operatorBody = 1 << 20; // bytes of a request's body under /operator
const vaultBody = 6 << 20; // of a push to the vault: api.MaxVaultBody
const otherBody = 64 << 10; // and elsewhere: a body is held in memory that all requests share, before anybody knows who sends it
const patience = 1 << 20; // bytes over the bound that are read, and not kept, to be polite

export default {
  fetch(request, env, ctx) {
    const { url, method } = request;
    if (method === "GET" || method === "HEAD") return serve(request, method, url, none, env, ctx);
    if (request.body === null) return serve(request, method, url, none, env, ctx);
    const limit = bound(request);
    const length = Number(request.headers.get("content-length") ?? NaN);
    if (limit > otherBody && !(length <= otherBody) && !(length > limit)) {
      return serve(request, method, url, none, env, ctx, new Upload(request.body, limit, length));
    }
    return body(request, limit, length).then((bytes) =>
      bytes ? serve(request, method, url, bytes, env, ctx) : problem(413, "too_large", "Content Too Large"));
  },
};

// bound is how long a request's body may be. What may be longer than otherBody is let in when Go asks for it, and Go first asks who sends it.
function bound(request) {
  const { pathname } = new URL(request.url);
  if (pathname.startsWith("/operator/")) return operatorBody;
  if (!request.headers.get("content-type")?.startsWith("application/json")) return otherBody; // in a form Go looks for who sends it
  if (pathname === "/vault/push" && request.headers.has("authorization")) return vaultBody;
  return pathname === "/api/vault/push" && request.headers.get("cookie")?.includes("__Host-session=") ? vaultBody : otherBody;
}

// body reads a request's body, or returns null when it is longer than the limit. What is a little longer is read to its end,
// because a client that is cut off in the middle of sending may not read why.
async function body(request, limit, length) {
  if (Number.isNaN(length)) return readAll(request.body, limit, patience);
  if (length <= limit) return new Uint8Array(await request.arrayBuffer());
  return length <= limit + patience ? readAll(request.body, 0, limit + patience) : null;
}

function serve(request, method, url, bytes, env, ctx, upload) {
  let outcome = warm(env).serve(env, head(request, method, url), bytes, upload);
  if (upload) outcome = Promise.resolve(outcome).then((answer) => upload.skip(patience).then(() => answer));
  if (!(outcome instanceof Promise)) return respond(outcome, request, method, env);
  const response = outcome.then((answer) => respond(answer, request, method, env));
  ctx.waitUntil(response); // a client that hangs up must not strand a goroutine in the program that everybody shares
  return response;
}

// Where the network gives a request no id, it is one of this isolate's, counted.
let isolate = "";
let count = 0;

// head is what Go is told about a request: a line each of method, URL and client address, then two for each header. The
// headers Latchkey-Request, Latchkey-Place and Latchkey-Certificate are ours, whatever the client sent.
//
// Where a request comes from is told only when it may change something: asking the runtime for it (request.cf) takes as long as a
// tenth of a trivial request. Others have no address, rather than one that only the client vouches for.
function head(request, method, url) {
  let lines = "";
  let address = "";
  let id = "";
  for (const [name, value] of request.headers) {
    if (name.startsWith("latchkey-")) continue;
    if (name === "cf-connecting-ip") {
      address = value;
      continue;
    }
    if (name === "cf-ray" && value.length <= 24) id = value; // off Cloudflare the client's word, so bounded before it is logged
    lines += `${name}\n${value}\n`;
  }
  if (method === "GET" || method === "HEAD") {
    address = "";
    // An access token may be bound to the certificate of who presents it (RFC 8705 section 3).
    if (request.headers.has("authorization")) lines += certificate(request.cf?.tlsClientAuth);
  } else {
    const { clientIp, city, country, tlsClientAuth } = request.cf ?? {};
    lines += certificate(tlsClientAuth);
    // Plain workerd says who connected, and then the header is only the client's word; on Cloudflare the header is the network's.
    if (clientIp) address = clientIp.replace(/:\d+$/, "").replace(/^\[(.*)\]$/, "$1");
    if (address) lines += `cf-connecting-ip\n${address}\n`;
    if (country) lines += `latchkey-place\n${city ? `${city}, ${country}` : country}\n`;
  }
  id ||= `${(isolate ||= crypto.randomUUID().slice(0, 13))}-${++count}`;
  return `${method}\n${url}\n${address}\n${lines}latchkey-request\n${id}\n`;
}

// certificate is the header with the client's certificate (RFC 9440) and whether Cloudflare has verified it.
function certificate(tls) {
  if (tls?.certPresented !== "1" || !tls.certRFC9440) return "";
  const verified = tls.certVerified === "SUCCESS" && tls.certRevoked !== "1";
  return `latchkey-certificate\n${verified ? "verified" : "presented"} ${tls.certRFC9440}\n`;
}

// respond makes the response of an answer. There is none when the program has ended: the next one will do.
function respond(answer, request, method, env) {
  if (!answer) return problem(503, "unavailable", "Service Unavailable", { "Retry-After": "1" });
  const { status } = answer;
  if (status === 101) return connect(answer.own, request, env);
  if (status === 404 && env.ASSETS && method === "GET" && request.headers.get("accept")?.includes("text/html")) return missing(request.url, env);
  const empty = answer.body.length === 0 || method === "HEAD" || status === 204 || status === 205 || status === 304;
  try {
    const response = new Response(empty ? null : answer.body, { status, headers: commonHeaders(answer.common) });
    if (answer.own) appendLines(response.headers, answer.own);
    return response;
  } catch (e) {
    console.error(JSON.stringify({ level: "ERROR", msg: "answer refused by the runtime", error: String(e) }));
    return problem(500, "internal", "Internal Server Error");
  }
}

// connect hands a client's WebSocket to the object that Go has named (Host.Connect).
function connect(lines, request, env) {
  const [, kind, tag, since, name] = lines.match(/^Latchkey-Socket\n(\S+) (\S+) (\S+) (.+)\n/);
  return env[kind.toUpperCase()].getByName(name).fetch(request.url, { headers: { Upgrade: "websocket", "Latchkey-Tag": tag, "Latchkey-Since": since } });
}

// To make headers of lines takes the runtime as long as the rest of the answer, to copy them nothing; so what many answers have in
// common is made once. Nothing in it belongs to a request.
const made = new Map();
const maxMade = 128;

function commonHeaders(lines) {
  let headers = made.get(lines);
  if (!headers) {
    headers = new Headers();
    appendLines(headers, lines);
    if (made.size >= maxMade) made.clear();
    made.set(lines, headers);
  }
  return headers;
}

// appendLines adds lines of name and value in turn.
function appendLines(headers, lines) {
  const line = lines.split("\n");
  for (let i = 0; i + 1 < line.length; i += 2) headers.append(line[i], line[i + 1]);
}

// missing is the page for a person who has come to where nothing is; a program gets the problem. Pages below /de/ are German, and so on.
async function missing(url, env) {
  const language = new URL(url).pathname.match(/^\/[a-z]{2}(?=\/)/)?.[0] ?? "";
  let page = await env.ASSETS.fetch(new URL(`${language}/404`, url));
  if (!page.ok && language) page = await env.ASSETS.fetch(new URL("/404", url));
  return new Response(page.body, { status: 404, headers: page.headers });
}

function problem(status, code, title, headers) {
  return new Response(JSON.stringify({ type: `urn:latchkey:problem:${code}`, title, status, code }), {
    status, headers: { "Content-Type": "application/problem+json", "Cache-Control": "no-store", ...headers },
  });
}

const METHOD = 1, COLLECT = 2, SETTLE = 3;
const internal = "object: internal error"; // object.ErrInternal
const rollback = Symbol("rollback");

// Bounds of an object's sockets, and how they are closed: the same as in object/signal.go.
const maxSockets = 128, maxTagged = 8;
const socketLifetime = 3_600_000; // milliseconds
const disconnectMemory = 120_000;
const AGAIN = 1001, GONE = 1008;

// StoredObject runs one kind of Go's objects. A method is a synchronous Go function inside one synchronous transaction, so
// nothing of another request happens in between.
export class StoredObject extends DurableObject {
  static kind = "";
  #kept = unknown; // what the last transaction that was committed has left in the bookkeeping: nothing else writes to this database
  #alarm; // when it is set to, in milliseconds; null for never, undefined when not known
  #over = this.#first(0); // when the first of its sockets ends; 0 for none
  #gone = new Map(); // when tags were disconnected

  get lifetime() {
    return socketLifetime;
  }

  // #first also finds the sockets of before the object was put to sleep.
  #first(after) {
    let first = 0;
    for (const socket of this.ctx.getWebSockets()) {
      const over = socket.deserializeAttachment();
      if (over > after && (first === 0 || over < first)) first = over;
    }
    return first;
  }

  // fetch connects a client's socket, whose request the Worker has passed on: nobody else reaches an object.
  async fetch(request) {
    const tag = request.headers.get("latchkey-tag");
    const same = this.ctx.getWebSockets(tag), all = this.ctx.getWebSockets();
    if (same.length >= maxTagged) oldest(same).close(AGAIN);
    else if (all.length >= maxSockets) oldest(all).close(AGAIN);
    const [client, server] = Object.values(new WebSocketPair());
    this.ctx.acceptWebSocket(server, [tag]);
    const over = Date.now() + this.lifetime;
    server.serializeAttachment(over);
    if (Number(request.headers.get("latchkey-since")) <= this.#gone.get(tag)) server.close(AGAIN); // what was seen then may not be so any more
    if (!this.#over) {
      this.#over = over;
      const set = this.#alarm === undefined ? await this.ctx.storage.getAlarm() : this.#alarm;
      if (set === null || set > over) this.ctx.storage.setAlarm((this.#alarm = over));
    }
    return new Response(null, { status: 101, webSocket: client });
  }

  // A client has nothing to say.
  webSocketMessage(socket) {
    socket.close(GONE);
  }

  webSocketClose() {}

  webSocketError() {}

  // #signal sends what a transaction that was committed wants sent. The runtime holds it back until the commit is durable.
  #signal(frame) {
    for (const signal = new Reader(frame); signal.more; ) {
      const text = signal.text(), tag = signal.text();
      if (tag) this.#forget(tag);
      for (const socket of tag ? this.ctx.getWebSockets(tag) : this.ctx.getWebSockets()) {
        try {
          if (tag) socket.close(GONE);
          else socket.send(text);
        } catch {} // it has just ended
      }
    }
  }

  // #forget remembers that a tag was disconnected, and of others no longer than is of use.
  #forget(tag) {
    const now = Date.now();
    for (const [other, at] of this.#gone) if (now - at > disconnectMemory) this.#gone.delete(other);
    this.#gone.set(tag, now);
  }

  // #hangUp ends the sockets whose time is over.
  #hangUp() {
    if (!this.#over) return;
    const now = Date.now();
    for (const socket of this.ctx.getWebSockets()) if (socket.deserializeAttachment() <= now) socket.close(AGAIN);
    this.#over = this.#first(now);
  }

  // call returns the method's result, or the text of its error. Either is kept or rolled back as a whole. The frame, from Go to Go,
  // says which method.
  call(frame) {
    const answer = this.#transact(METHOD, frame);
    if (answer.status !== 0) return new TextDecoder().decode(answer.data);
    this.#ring(answer.ring);
    return answer.data;
  }

  // alarm delivers what is due in the outbox, or lets the object do what it has put off until now.
  async alarm() {
    this.#alarm = null;
    this.#hangUp();
    const collected = this.#transact(COLLECT, this.#frame(none));
    if (collected.status !== 0 || collected.data.length === 0) return this.#ring(collected.ring);
    const outcome = await warm(this.env).deliver(this.env, this.constructor.kind, collected.data);
    const settled = outcome && this.#transact(SETTLE, this.#frame(outcome));
    this.#ring(settled?.status === 0 ? settled.ring : collected.ring);
  }

  // #frame is what Go is passed about this object itself.
  #frame(data) {
    return new Writer().text(this.constructor.kind).text(this.ctx.id.name ?? "").text("").data(data).done();
  }

  #transact(op, frame) {
    const { storage } = this.ctx;
    let answer = null;
    try {
      storage.transactionSync(() => {
        answer = warm(this.env).transact(storage.sql, op, frame, this.#kept);
        if (answer?.status !== 0) throw rollback;
      });
      this.#kept = answer.kept;
      if (answer.signals) this.#signal(answer.signals);
    } catch (e) {
      if (e !== rollback) {
        this.#kept = unknown;
        console.error(JSON.stringify({ level: "ERROR", msg: "transaction failed", error: String(e?.stack ?? e) }));
        answer = null;
      }
    }
    return answer ?? { status: 1, ring: op === COLLECT ? Date.now() + 60_000 : 0, data: new TextEncoder().encode(internal) };
  }

  // #ring sets the object's alarm in the same breath as the transaction, so that both become durable together. It rings for sockets too.
  #ring(at) {
    if (this.#over && (at === 0 || at > this.#over)) at = this.#over;
    if (at === 0) {
      if (this.#alarm) this.ctx.storage.deleteAlarm();
      this.#alarm = this.#alarm === undefined ? undefined : null;
    } else if (at !== this.#alarm) {
      this.ctx.storage.setAlarm(at);
      this.#alarm = at;
    }
  }
}

// oldest is the one that ends first.
const oldest = (sockets) => sockets.reduce((a, b) => (b.deserializeAttachment() < a.deserializeAttachment() ? b : a));

export class Keys extends StoredObject { static kind = "keys"; }
export class Names extends StoredObject { static kind = "names"; }
export class Tenant extends StoredObject { static kind = "tenant"; }
export class Account extends StoredObject { static kind = "account"; }
export class Throttle extends StoredObject { static kind = "throttle"; }
export class Device extends StoredObject { static kind = "device"; }
export class Vault extends StoredObject { static kind = "vault"; }
export class Message extends StoredObject { static kind = "message"; }
