// One scrypt check through the runtime's native code: what a JavaScript sign-in service does with a password.
import { scryptSync, timingSafeEqual } from "node:crypto";

const salt = new Uint8Array(16);
const options = { N: 2 ** 14, r: 16, p: 1, maxmem: 128 * 2 ** 14 * 16 * 2 };
let stored;

export default {
  async fetch() {
    stored ??= scryptSync("correct horse battery staple", salt, 32, options);
    const computed = scryptSync("correct horse battery staple", salt, 32, options);
    return new Response(timingSafeEqual(stored, computed) ? "ok" : "no");
  },
};
