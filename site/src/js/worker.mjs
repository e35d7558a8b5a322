// The worker that runs the client core. A call comes in as {id, method, args} and is answered by {id, ok} or {id, problem};
// {progress, fraction} comes in between: "loading", "sending", "hashing". {event} comes by itself: {changed} or {network}.
import "./wasm_exec.js";

const size = "size:latchkey.wasm"; // bytes once decoded, which is what a stream counts
let program; // promise of the running client core
let dictionary; // promise of its answer to the password meter's words

addEventListener("message", async ({ data: { id, method, args } }) => {
  let answer;
  try {
    await (program ??= load());
    answer = method === "loadDictionary" ? await (dictionary ??= words()) : await ask(method, args);
  } catch {
    // The next call tries again.
    if (method === "loadDictionary") dictionary = undefined;
    else program = undefined;
    answer = { problem: { code: "module" } };
  }
  postMessage({ id, ...answer });
});

async function ask(method, args) {
  return JSON.parse(await globalThis.latchkey.call(method, JSON.stringify(args)));
}

async function load() {
  const response = await got("asset:latchkey.wasm");
  count(response.clone().body);
  const go = new globalThis.Go();
  const { instance } = await WebAssembly.instantiateStreaming(response, go.importObject);
  // A program that has ended is started anew, and has forgotten its words.
  go.run(instance).finally(() => (program = dictionary = undefined));
  globalThis.latchkey.onprogress = (progress) => postMessage({ progress });
  globalThis.latchkey.onevent = (event) => postMessage({ event: JSON.parse(event) });
  const { problem } = await ask("configure", { base: location.origin });
  if (problem) throw new Error(problem.code);
  await ask("network", network());
}

// network is what the browser knows of the connection, as far as it tells: settings wait on one that costs.
function network() {
  const { saveData, type } = navigator.connection ?? {};
  const why = saveData ? "save_data" : type === "cellular" || type === "wimax" ? "cellular" : "";
  return { metered: why !== "", why };
}

navigator.connection?.addEventListener?.("change", () => globalThis.latchkey && ask("network", network()));

async function words() {
  const response = await got("asset:dictionary.txt");
  return JSON.parse(await globalThis.latchkey.loadDictionary(await response.arrayBuffer()));
}

async function got(url) {
  const response = await fetch(url);
  if (!response.ok) throw new Error(`${url}: ${response.status}`);
  return response;
}

// count reads a copy of the stream, so that the browser can keep what it compiles from the original.
async function count(stream) {
  let read = 0;
  for (const reader = stream.getReader(); ; ) {
    const { done, value } = await reader.read();
    if (done) return;
    read += value.length;
    postMessage({ progress: "loading", fraction: read / size });
  }
}
