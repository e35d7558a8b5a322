// The warm Go program of an isolate: how requests and objects get in, and how answers get out.
import { Reader, Writer } from "./frames.mjs";
import { Keys } from "./native.mjs";
import { closeSockets, perform } from "./outbound.mjs";

const encoder = new TextEncoder();
const decoder = new TextDecoder();
const scratch = new Writer();
const none = new Uint8Array(0);

// stranded is when a request is given up, in milliseconds: the runtime has dropped it without a word. Cloudflare itself waits 100 s.
const stranded = 120_000;

// Program is one instance of the module. It must be made inside a request: random values are refused outside of one.
export class Program {
  constructor(module, env) {
    this.env = env;
    this.dead = false;
    this.requests = new Map(); // those not yet answered, oldest first
    this.running = 0; // the request or object that Go is running for
    this.last = 0;
    this.keys = new Keys();
    this.kept = none; // a result that Go had no room for
    this.transaction = null; // { id, sql, answer } of the object whose transaction is open
    const go = (this.go = new globalThis.Go());
    this.#forbidTimers(go);
    go.importObject.latchkey = this.#imports();
    const instance = new WebAssembly.Instance(module, go.importObject);
    this.exports = instance.exports;
    this.memory = instance.exports.mem;
    this.bytes = new Uint8Array(this.memory.buffer);
    go.run(instance).catch((e) => this.#die(e)); // runs main up to its select{}; settles only when the program ends
    if (go.exited) this.#die();
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
    if (this.bytes.buffer !== this.memory.buffer) this.bytes = new Uint8Array(this.memory.buffer);
    return this.bytes;
  }

  // serve gives a request to the handler. It returns the answer, or a promise of it when the handler waits for something.
  // An answer is { status, head, body }. context is { env, ctx }.
  serve(context, head, body) {
    const request = this.#begin(context);
    const room = 3 * head.length;
    this.#guard(() => {
      const at = this.exports.buffer(room + body.length);
      const { written } = encoder.encodeInto(head, this.view().subarray(at, at + room));
      if (body.length) this.view().set(body, at + written);
      this.exports.request(request.id, written, body.length);
    });
    this.#resume(request.id);
    return this.#outcome(request);
  }

  // transact runs an object's method; sql is the object's database, whose transaction the caller has opened. The answer is
  // { status, alarm, data }; it is null when there is none, and the caller must roll back.
  transact(sql, op, kind, name, method, data) {
    const id = this.#next();
    const frame = scratch.reset().text(kind).text(name).text(method).data(data).done();
    const outer = this.transaction;
    const transaction = (this.transaction = { id, sql, answer: null });
    this.#guard(() => this.exports.invoke(id, op, this.#pass(frame)));
    this.#resume(id);
    this.transaction = outer;
    return transaction.answer;
  }

  // deliver carries out effects of an object, and returns a promise of their outcome.
  async deliver(context, kind, due) {
    const request = this.#begin(context);
    const frame = scratch.reset().text(kind).data(due).done();
    this.#guard(() => this.exports.deliver(request.id, this.#pass(frame)));
    this.#resume(request.id);
    const answer = await this.#outcome(request);
    return answer.status === 0 ? answer.data : null;
  }

  // expire gives up requests that the runtime has dropped. Their goroutines wake with an error and can do no more I/O.
  expire(now) {
    for (const request of this.requests.values()) {
      if (now - request.started < stranded) return;
      this.#finish(request, null);
      for (const call of request.calls) this.#settle(request, call, 2, none);
    }
  }

  #next() {
    return (this.last = (this.last + 1) & 0x7fffffff);
  }

  #begin({ env, ctx }) {
    const id = this.#next();
    const request = {
      id, env, ctx, started: Date.now(), calls: new Set(), sockets: null, finished: false, answer: null, resolve: null,
    };
    this.requests.set(id, request);
    return request;
  }

  #finish(request, answer) {
    if (request.finished) return;
    request.finished = true;
    request.answer = answer;
    this.requests.delete(request.id);
    if (request.sockets) closeSockets(request);
    if (request.resolve) request.resolve(answer);
  }

  // #outcome is null for a request that the program will never answer.
  #outcome(request) {
    if (request.finished) return request.answer;
    return new Promise((resolve) => (request.resolve = resolve));
  }

  // #pass writes a frame where Go can read it and returns its length.
  #pass(frame) {
    const at = this.exports.buffer(frame.length);
    this.view().set(frame, at);
    return frame.length;
  }

  // #guard runs f, which calls into Go. An exception is the end of the program: its stack is in disorder.
  #guard(f) {
    if (this.dead) return;
    try {
      f();
    } catch (e) {
      this.#die(e);
    }
  }

  // #resume runs the program until all of its goroutines wait.
  #resume(id) {
    if (this.dead) return;
    const outer = this.running;
    this.running = id;
    try {
      this.exports.resume();
    } catch (e) {
      this.#die(e);
    }
    this.running = outer;
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
    this.#guard(() => this.exports.settle(call, status, this.#pass(data)));
    this.#resume(request.id);
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
      respond: (id, status, headAt, headLen, bodyAt, bodyLen) => {
        const request = this.requests.get(id);
        if (!request) return;
        this.#finish(request, { status, head: decoder.decode(read(headAt, headLen)), body: this.view().slice(bodyAt, bodyAt + bodyLen) });
      },
      answer: (id, status, alarm, at, n) => {
        const answer = { status, alarm, data: this.view().slice(at, at + n) };
        if (this.transaction?.id === id) this.transaction.answer = answer;
        else if (this.requests.has(id)) this.#finish(this.requests.get(id), answer);
      },
      call: (op, id, call, at, n) => {
        const request = this.requests.get(id);
        if (!request || this.running !== id) return 1;
        request.calls.add(call);
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
      log: (at, n) => console.log(decoder.decode(read(at, n)).trimEnd()),
    };
  }
}

// statement runs one SQL statement and returns its rows.
function statement(sql, frame) {
  const query = frame.text();
  const args = [];
  while (frame.more) args.push(frame.value());
  const cursor = sql.exec(query, ...args);
  scratch.reset().uint32(cursor.columnNames.length);
  for (const row of cursor.raw()) for (const value of row) scratch.value(value);
  return scratch.at > 4 ? scratch.done() : none;
}
