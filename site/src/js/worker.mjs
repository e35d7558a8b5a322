// The worker that runs the client core. A call comes in as {id, method, args} and is answered by {id, ok} or {id, problem};
// {id, progress} and, while the module is loading, {progress, fraction} come in between.
import "./wasm_exec.js";

const size = "size:latchkey.wasm"; // bytes once decoded, which is what a stream counts
let ready;

addEventListener("message", async ({ data: { id, method, args } }) => {
  try {
    ready ??= load();
    await ready;
  } catch {
    ready = undefined; // the next call tries again
    return postMessage({ id, problem: { code: "module" } });
  }
  try {
    if (method === "loadDictionary") return postMessage({ id, ok: await loadDictionary() });
    postMessage({ id, ...JSON.parse(await globalThis.latchkey.call(method, JSON.stringify(args))) });
  } catch {
    postMessage({ id, problem: { code: "module" } });
  }
});

async function load() {
  const response = await fetch("asset:latchkey.wasm");
  if (!response.ok) throw new Error(`module: ${response.status}`);
  report(response.clone().body);
  const go = new globalThis.Go();
  const { instance } = await WebAssembly.instantiateStreaming(response, go.importObject);
  go.run(instance).finally(() => (ready = undefined)); // a program that has ended is started anew
  await globalThis.latchkey.call("configure", JSON.stringify({ base: location.origin }));
}

// loadDictionary gives the password meter its words, once a program.
async function loadDictionary() {
  const response = await fetch("asset:dictionary.txt");
  if (!response.ok) throw new Error(`dictionary: ${response.status}`);
  return globalThis.latchkey.loadDictionary(new Uint8Array(await response.arrayBuffer()));
}

// report counts a copy of the stream, so that the browser can keep the compiled original.
async function report(stream) {
  let read = 0;
  for (const reader = stream.getReader(); ; ) {
    const { done, value } = await reader.read();
    if (done) return;
    read += value.length;
    postMessage({ progress: "loading", fraction: Math.min(1, read / size) });
  }
}
