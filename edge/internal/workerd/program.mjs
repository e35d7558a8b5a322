// The warm Go program of an isolate: how requests and objects get in, and how answers get out.
import { Reader, Writer } from "./frames.mjs";
import { Keys } from "./native.mjs";
import { closeSockets, perform } from "./outbound.mjs";

const encoder = new TextEncoder();
const decoder = new TextDecoder();
const scratch = new Writer();
const none = new Uint8Array(0);

// unknown is what there is to keep of an object before its first transaction.
export const unknown = { alarm: NaN, due: NaN };
const small = 16 << 10; // bytes; the same as in border_js.go

// stranded is when a request is given up, in milliseconds: the runtime has dropped it without a word. Cloudflare itself waits 100 s.
const stranded = 120_000;

// Request is what goroutines of one request may do I/O with. An object that delivers its effects has one too.
class Request {
  constructor(id, env) {
    this.id = id;
    this.env = env;
    this.started = 0; // when it began to wait
    this.calls = null; // operations that its goroutines wait for
    this.sockets = null;
    this.upload = null;
    this.finished = false;
    this.answer = null; // none when the program ended
    this.resolve = null;
  }
}

// Program is one instance of the module. It must be made inside a request: random values are refused outside of one.
export class Program {
  constructor(module, env) {
    this.env = env;
    this.dead = false;
    this.requests = new Map(); // those not yet answered, oldest first
    this.running = null; // the request that Go is running for
    this.last = 0;
    this.keys = new Keys();
    this.inbox = 0; // where Go reads what is small
    this.kept = none; // a result that Go had no room for
    this.transaction = null; // { id, sql, answer } of the object whose transaction is open
    const go = (this.go = new globalThis.Go());
    this.#forbidTimers(go);
    go.importObject.latchkey = this.#imports();
    const instance = new WebAssembly.Instance(module, go.importObject);
    this.exports = instance.exports;
    this.memory = instance.exports.mem;
    this.look();
    go.run(instance).catch((e) => this.#die(e)); // runs main up to its select{}; settles only when the program ends
    if (go.exited) this.#die();
    else this.where = this.exports.where() >> 2;
  }

  // A Go timer would be a setTimeout of whichever request happened to be running, and die with it; so Go gets none. A goroutine
  // that sleeps wakes at the first event after its time, or never.
  #forbidTimers(go) {
    let id = 0;
    go.importObject.gojs["runtime.scheduleTimeoutEvent"] = (sp) => go.mem.setInt32((sp >>> 0) + 16, ++id, true);
    go.importObject.gojs["runtime.clearTimeoutEvent"] = () => {};
  }

  // size is the memory that the program has taken, in bytes. It never shrinks.
  get size() {
    return this.memory.buffer.byteLength;
  }

  // view is the program's memory; growing replaces the buffer.
  view() {
    if (this.bytes.buffer !== this.memory.buffer) this.look();
    return this.bytes;
  }

  look() {
    this.bytes = new Uint8Array(this.memory.buffer);
    this.words = new Int32Array(this.memory.buffer);
    this.doubles = new Float64Array(this.memory.buffer);
  }

  // #call calls an exported function. It returns when that has done its work or all goroutines wait.
  #call(exported, id, a, b) {
    this.view();
    const { words, where } = this;
    words[where]++;
    words[where + 1] = id;
    words[where + 2] = a;
    words[where + 3] = b;
    exported();
  }

  // serve gives a request to the handler. It returns the answer, or a promise of it when the handler waits for something. An
  // answer is { status, common, own, body }: common and own are lines of names and values in turn, the part of the header that
  // many answers share and the part that is of this one alone. With an upload, that is the body, for Go to read when it wants to.
  serve(env, head, body, upload = null) {
    if (this.dead) return null;
    const request = (this.running = new Request(this.#next(), env));
    request.upload = upload;
    try {
      const room = 3 * head.length;
      const at = this.#room(room + body.length);
      const bytes = this.view();
      const { written } = encoder.encodeInto(head, bytes.subarray(at, at + room));
      if (body.length) bytes.set(body, at + written);
      this.#call(this.exports.request, request.id, written, upload ? -1 : body.length);
    } catch (e) {
      this.#die(e);
    }
    this.#leave();
    return this.#outcome(request);
  }

  // transact runs an object's method; sql is the object's database, whose transaction the caller has opened, and frame says which
  // method, as Host.Call has written it. The answer is { status, ring, kept, data, signals }; it is null when there is none, and the caller
  // must roll back. When it commits, it passes kept on to the object's next transaction, where at first it is unknown, and sends the
  // signals: a text and a tag each.
  transact(sql, op, frame, kept) {
    const transaction = { id: this.#next(), sql, answer: null, signals: null };
    this.transaction = transaction;
    this.#enter(null, () => {
      const n = this.#pass(frame);
      this.view();
      this.doubles[(this.where >> 1) + 2] = kept.alarm;
      this.doubles[(this.where >> 1) + 3] = kept.due;
      this.#call(this.exports.invoke, transaction.id, op, n);
    });
    return transaction.answer;
  }

  // deliver carries out effects of an object, and returns a promise of their outcome.
  async deliver(env, kind, due) {
    const request = new Request(this.#next(), env);
    this.#enter(request, () => {
      const n = this.#pass(scratch.reset().text(kind).data(due).done());
      this.#call(this.exports.deliver, request.id, 0, n);
    });
    const answer = await this.#outcome(request);
    return answer?.status === 0 ? answer.data : null;
  }

  // expire gives up requests that the runtime has dropped. Their goroutines wake with an error and can do no more I/O.
  expire(now) {
    for (const request of this.requests.values()) {
      if (now - request.started < stranded) return;
      this.#finish(request, null);
      for (const call of request.calls ?? []) this.#settle(request, call, 2, none);
    }
  }

  #next() {
    return (this.last = (this.last + 1) & 0x7fffffff);
  }

  // #outcome is the answer of a request, or a promise of it. Only one that waits is remembered: most never do.
  #outcome(request) {
    if (request.finished) return request.answer;
    if (this.dead) return this.#finish(request, null);
    request.started = Date.now();
    this.requests.set(request.id, request);
    return new Promise((resolve) => (request.resolve = resolve));
  }

  #finish(request, answer) {
    if (request.finished) return null;
    request.finished = true;
    request.answer = answer;
    if (request.sockets) closeSockets(request);
    request.upload?.end();
    if (!request.resolve) return null;
    this.requests.delete(request.id);
    request.resolve(answer);
    return null;
  }

  #find(id) {
    return this.running?.id === id ? this.running : this.requests.get(id);
  }

  // #room is where Go reads what it is passed. There is room for what is small at a place that stays.
  #room(n) {
    if (n > small) return this.exports.buffer(n);
    return (this.inbox ||= this.exports.buffer(small));
  }

  // #pass writes a frame where Go can read it and returns its length.
  #pass(frame) {
    const at = this.#room(frame.length);
    this.view().set(frame, at);
    return frame.length;
  }

  // #enter has f call into Go, for a request or for a transaction. An exception is the end of the program, whose stack is in
  // disorder then.
  #enter(request, f) {
    if (this.dead) return;
    this.running = request;
    try {
      f();
    } catch (e) {
      this.#die(e);
    }
    this.#leave();
  }

  #leave() {
    this.running = null;
    this.transaction = null;
    if (this.go.exited) this.#die();
  }

  // #die ends the program. Whoever was waiting for it gets no answer, at once.
  #die(error) {
    if (this.dead) return;
    this.dead = true;
    console.error(JSON.stringify({ level: "ERROR", msg: "program ended", error: error ? String(error.stack ?? error) : "exit" }));
    for (const request of this.requests.values()) this.#finish(request, null);
  }

  #settle(request, call, status, data) {
    request.calls.delete(call);
    this.#enter(request, () => this.#call(this.exports.settle, call, status, this.#pass(data)));
  }

  // #return hands bytes to Go: in the room it gave, or kept until it takes them.
  #return(data, out, room) {
    if (data.length <= room) this.view().set(data, out);
    else this.kept = data.slice();
    return data.length;
  }

  #fail(error, out, room) {
    return ~this.#return(encoder.encode(String(error?.message ?? error)), out, room);
  }

  // The functions that Go imports. None may throw, and none may call into Go.
  #imports() {
    const read = (at, n) => this.view().subarray(at, at + n);
    return {
      respond: (id, status, headAt, commonLen, headLen, bodyAt, bodyLen) => {
        const request = this.#find(id);
        if (!request) return;
        const common = decoder.decode(read(headAt, commonLen));
        const own = headLen > commonLen ? decoder.decode(read(headAt + commonLen, headLen - commonLen)) : "";
        this.#finish(request, { status, common, own, body: this.view().slice(bodyAt, bodyAt + bodyLen) });
      },
      answer: (id, status, ring, alarm, due, at, n) => {
        const answer = { status, ring, kept: { alarm, due }, data: this.view().slice(at, at + n) };
        if (this.transaction?.id === id) this.transaction.answer = { ...answer, signals: this.transaction.signals };
        else if (this.#find(id)) this.#finish(this.#find(id), answer);
      },
      signal: (id, at, n) => {
        if (this.transaction?.id === id) this.transaction.signals = this.view().slice(at, at + n);
      },
      call: (op, id, call, at, n) => {
        const request = this.running;
        if (request?.id !== id || request.finished) return 1;
        (request.calls ??= new Set()).add(call);
        perform(op, request, this.view().slice(at, at + n)).then(({ status, data }) => {
          if (this.dead) this.#finish(request, null);
          else if (request.calls.has(call)) this.#settle(request, call, status, data);
        });
        return 0;
      },
      sql: (id, at, n, out, room) => {
        try {
          if (this.transaction?.id !== id) throw new Error("no transaction");
          return this.#return(statement(this.transaction.sql, new Reader(read(at, n))), out, room);
        } catch (e) {
          return this.#fail(e, out, room);
        }
      },
      native: (op, at, n, out, room) => {
        try {
          return this.#return(this.keys.run(op, new Reader(read(at, n))), out, room);
        } catch (e) {
          return this.#fail(e, out, room);
        }
      },
      env: (out, room) => {
        const frame = scratch.reset();
        for (const [name, value] of Object.entries(this.env)) if (typeof value === "string") frame.text(name).text(value);
        return this.#return(frame.done(), out, room);
      },
      take: (out) => {
        this.view().set(this.kept, out);
        this.kept = none;
      },
      log: (at, n) => console.log(decoder.decode(read(at, n))),
    };
  }
}

// statement runs one SQL statement and returns its rows.
function statement(sql, frame) {
  const query = frame.text();
  const args = [];
  while (frame.more) args.push(frame.value());
  let columns = 0;
  for (const row of sql.exec(query, ...args).raw()) {
    if (columns === 0) scratch.reset().uint32((columns = row.length));
    for (const value of row) scratch.value(value);
  }
  return columns > 0 ? scratch.done() : none;
}
