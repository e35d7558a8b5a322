// Large bodies of requests. One stays outside until Go reads it, which Go does when it knows who sends it. All that have been let in share
// so much of the isolate's memory, each until its request has been answered: until then there are copies of it.
import { before, readAll } from "./outbound.mjs";

const room = 8 << 20; // bytes of bodies: with the copies, the decoded form and the calls made of it that is half of what an isolate has
const longest = 60_000; // milliseconds that a body may take: while it comes, it keeps the others out

let taken = 0;

export class Upload {
  #stream;
  #limit;
  #size; // bytes it may have: as many as it says, if it does
  #held = 0;
  #reader = null;

  constructor(stream, limit, length) {
    this.#stream = stream;
    this.#limit = limit;
    this.#size = Number.isNaN(length) ? limit : length;
  }

  // read returns the body, undefined when there is no room for it at the moment, or null when it is over the limit.
  async read() {
    if (this.#reader || taken + this.#size > room) return undefined;
    taken += this.#held = this.#size;
    this.#reader = this.#stream.getReader();
    return before(longest, this.#all());
  }

  async #all() {
    const all = new Uint8Array(this.#size);
    for (let at = 0; ; ) {
      const { done, value } = await this.#reader.read();
      if (done) return all.subarray(0, at);
      if (at + value.length > all.length) return null;
      all.set(value, at);
      at += value.length;
    }
  }

  // end gives the room back. It may be called from another request, when the runtime has dropped this one.
  end() {
    taken -= this.#held;
    this.#held = 0;
    try {
      this.#reader?.cancel().catch(() => {});
    } catch {}
  }

  // skip reads what nobody has, and keeps none of it: a client that is cut off in the middle of sending may not read the answer.
  async skip(patience) {
    if (!this.#reader) await readAll(this.#stream, 0, this.#limit + patience).catch(() => {});
  }
}
