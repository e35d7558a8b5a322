// Operations that a goroutine waits for: calls to objects, fetch, sockets and the request's own large body. Each runs in the I/O context of the request it was
// asked for by, and returns a status and bytes.
import { connect } from "cloudflare:sockets";
import { Reader, Writer } from "./frames.mjs";

const OK = 0, ERROR = 1, FAILURE = 2, TIMEOUT = 3, TOO_BIG = 4, EOF = 5, BUSY = 6;
const none = new Uint8Array(0);

const encoder = new TextEncoder();
const done = (data = none) => ({ status: OK, data });

// perform carries out operation op for a request and never rejects.
export async function perform(op, request, frame) {
  try {
    return await operations[op](request, new Reader(frame));
  } catch (e) {
    if (e?.name === "TimeoutError") return { status: TIMEOUT, data: none };
    return { status: FAILURE, data: encoder.encode(String(e?.message ?? e)) };
  }
}

const operations = {
  1: callObject,
  2: fetchOutside,
  3: openSocket,
  4: readSocket,
  5: writeSocket,
  6: startTLS,
  7: closeSocket,
  8: readUpload,
};

// callObject runs a method of an object. The binding of a kind of objects is its name in capitals.
async function callObject({ env }, frame) {
  const kind = frame.text(), name = frame.text();
  const namespace = env[kind.toUpperCase()];
  if (!namespace) throw new Error(`no binding for objects of kind ${kind}`);
  const result = await namespace.getByName(name).call(frame.bytes); // which is the frame that Program.transact takes
  return typeof result === "string" ? { status: ERROR, data: encoder.encode(result) } : done(result);
}

async function fetchOutside(_, frame) {
  const timeout = frame.uint32(), limit = frame.uint32();
  const method = frame.text(), url = frame.text(), headers = pairs(frame.text()), body = frame.copy();
  const response = await fetch(url, {
    method, headers, body: body.length ? body : undefined, redirect: "manual", signal: AbortSignal.timeout(timeout),
  });
  const received = await readAll(response.body, limit);
  if (!received) return { status: TOO_BIG, data: none };
  let head = "";
  for (const [name, value] of response.headers) head += `${name}\n${value}\n`;
  return done(new Writer().uint32(response.status).text(head).data(received).done());
}

// pairs reads lines of name and value in turn.
function pairs(lines) {
  const list = [];
  const line = lines.split("\n");
  for (let i = 0; i + 1 < line.length; i += 2) list.push([line[i], line[i + 1]]);
  return list;
}

// readAll reads a stream to its end. It returns null when that is over the limit, as soon as it is more than patience over it.
export async function readAll(stream, limit, patience = 0) {
  if (!stream) return none;
  const reader = stream.getReader();
  const parts = [];
  let size = 0;
  for (;;) {
    const { done, value } = await reader.read();
    if (done) break;
    size += value.length;
    if (size <= limit) parts.push(value);
    else parts.length = 0;
    if (size > limit + patience) {
      reader.cancel().catch(() => {});
      return null;
    }
  }
  if (size > limit) return null;
  if (parts.length === 1) return parts[0];
  const all = new Uint8Array(size);
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}

// readUpload reads the body of the request itself.
async function readUpload({ upload }) {
  const body = await upload?.read();
  if (body) return done(body);
  return { status: body === null ? TOO_BIG : BUSY, data: none };
}

// before rejects with a TimeoutError when a promise takes too long.
export function before(timeout, promise) {
  const signal = AbortSignal.timeout(timeout);
  return Promise.race([
    promise,
    new Promise((_, reject) => signal.addEventListener("abort", () => reject(signal.reason), { once: true })),
  ]);
}

// A request's sockets are kept in it by number, and closed when it has been answered.
function adopt(request, socket, handle = (request.sockets?.size ?? 0) + 1) {
  socket.closed.catch(() => {}); // read and write say what went wrong
  const held = { socket, reader: socket.readable.getReader(), writer: socket.writable.getWriter() };
  request.sockets ??= new Map();
  request.sockets.set(handle, held);
  return handle;
}

function held(request, frame) {
  const handle = new Reader(frame.data()).uint32();
  const found = request.sockets?.get(handle);
  if (!found) throw new Error("socket is closed");
  return { handle, ...found };
}

async function openSocket(request, frame) {
  const timeout = frame.uint32(), address = frame.text(), secureTransport = frame.text();
  const socket = connect(address, { secureTransport, allowHalfOpen: false });
  const handle = adopt(request, socket);
  await before(timeout, socket.opened);
  return done(new Writer().uint32(handle).done());
}

async function readSocket(request, frame) {
  const timeout = frame.uint32();
  const { done: end, value } = await before(timeout, held(request, frame).reader.read());
  return end ? { status: EOF, data: none } : done(value);
}

async function writeSocket(request, frame) {
  const timeout = frame.uint32(), { writer } = held(request, frame);
  await before(timeout, writer.write(frame.copy()));
  return done();
}

async function startTLS(request, frame) {
  const timeout = frame.uint32(), { handle, socket, reader, writer } = held(request, frame);
  reader.releaseLock();
  writer.releaseLock();
  const secure = socket.startTls({ expectedServerHostname: frame.text() });
  adopt(request, secure, handle);
  await before(timeout, secure.opened);
  return done();
}

async function closeSocket(request, frame) {
  frame.uint32();
  const { handle, socket } = held(request, frame);
  request.sockets.set(handle, undefined);
  await socket.close().catch(() => {});
  return done();
}

// closeSockets leaves none open behind a request.
export function closeSockets(request) {
  for (const found of request.sockets?.values() ?? []) found?.socket.close().catch(() => {});
}
