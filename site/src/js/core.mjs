// The client core (Go, WebAssembly) in its worker. It starts loading as soon as the page asks, and calls made before it is
// there wait for it. Nothing here touches the page.

const script = "asset:worker.mjs";
const policy = globalThis.trustedTypes?.createPolicy("latchkey", {
  createScriptURL(url) {
    if (url !== script) throw new TypeError("not a script of this page");
    return url;
  },
});

const waiting = new Map(); // id → {resolve, reject, watch}
const listeners = [];
let worker;
let last = 0;

// Problem is an error answer of the service or of the client core; code names it.
export class Problem extends Error {
  constructor(problem) {
    super(problem.title ?? problem.code);
    Object.assign(this, problem);
  }
}

// start begins to load the core, so that it is there when it is needed.
export function start() {
  if (worker) return;
  worker = new Worker(policy ? policy.createScriptURL(script) : script, { type: "module" });
  worker.addEventListener("message", ({ data }) => receive(data));
  worker.addEventListener("error", () => {
    worker = undefined;
    for (const { reject } of waiting.values()) reject(new Problem({ code: "module" }));
    waiting.clear();
  });
}

// call asks the core. watch hears how it goes: ("loading", fraction), ("sending") or ("hashing").
export function call(method, args = {}, watch = () => {}) {
  start();
  return new Promise((resolve, reject) => {
    waiting.set(++last, { resolve, reject, watch });
    worker.postMessage({ id: last, method, args });
  });
}

// listen hears what happens without anybody having asked: {changed: collections} when another device changed settings (after a
// call of "watchSettings"), {network: "paused" or "running"}.
export function listen(hear) {
  listeners.push(hear);
}

function receive({ id, ok, problem, progress, fraction, event }) {
  if (event) {
    for (const hear of listeners) hear(event);
    return;
  }
  if (progress) {
    for (const { watch } of waiting.values()) watch(progress, fraction);
    return;
  }
  const call = waiting.get(id);
  waiting.delete(id);
  if (problem) call?.reject(new Problem(problem));
  else call?.resolve(ok);
}
