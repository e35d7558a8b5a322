// The program that this isolate has at the moment.
import "../../wasm_exec.js"; // Go's own, unchanged
import module from "../../edge.wasm";
import { Program } from "./program.mjs";

const memoryLimit = 64 << 20; // bytes of the program's memory, unless LATCHKEY_MEMORY_LIMIT says other; an isolate has 128 MiB

let program = null;
let started = 0;
let limit = memoryLimit;

// warm returns the program. The first request starts it, because random values are refused in global scope; a program that has
// ended is replaced, and so is an idle one that has grown large, because its memory never shrinks.
export function warm(env) {
  if (program && !program.dead) {
    if (program.requests.size > 0) program.expire(Date.now());
    if (program.requests.size > 0 || program.size <= limit) return program;
  }
  started++;
  limit = Number(env.LATCHKEY_MEMORY_LIMIT) || memoryLimit;
  return (program = new Program(module, env));
}

// gauge says how the isolate is doing: requests not yet answered, bytes of memory, programs started so far.
export function gauge() {
  return { requests: program?.requests.size ?? 0, memory: program?.size ?? 0, programs: started };
}
