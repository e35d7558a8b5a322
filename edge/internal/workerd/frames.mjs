// Bytes across the border, the JavaScript half of frame.go and sqlcodec.go.

const encoder = new TextEncoder();
const decoder = new TextDecoder();

// Reader takes fields off a frame: a length in four bytes and that many bytes each.
export class Reader {
  constructor(bytes) {
    this.bytes = bytes;
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.at = 0;
  }

  get more() {
    return this.at < this.bytes.length;
  }

  uint32() {
    const n = this.view.getUint32(this.at, true);
    this.at += 4;
    return n;
  }

  // data shares the frame's memory.
  data() {
    const n = this.uint32();
    const field = this.bytes.subarray(this.at, this.at + n);
    this.at += n;
    return field;
  }

  text() {
    return decoder.decode(this.data());
  }

  // copy does not: what is kept past the call, or sent elsewhere, must not be a view of the program's memory.
  copy() {
    return this.data().slice();
  }

  // value takes one argument of a statement.
  value() {
    switch (this.view.getUint8(this.at++)) {
      case 0:
        return null;
      case 1: { // Go has refused what a number can not hold
        const low = this.view.getUint32(this.at, true);
        const high = this.view.getInt32(this.at + 4, true);
        this.at += 8;
        return high * 4294967296 + low;
      }
      case 2: {
        const n = this.view.getFloat64(this.at, true);
        this.at += 8;
        return n;
      }
      case 3:
        return this.text();
      case 4:
        return this.copy();
    }
    throw new Error("malformed argument");
  }
}

// Writer builds a frame in memory of its own that is used again and again.
export class Writer {
  constructor() {
    this.grow(16 << 10);
  }

  grow(size) {
    const bytes = new Uint8Array(size);
    if (this.bytes) bytes.set(this.bytes.subarray(0, this.at));
    else this.at = 0;
    this.bytes = bytes;
    this.view = new DataView(bytes.buffer);
  }

  // reset starts a new frame, and gives up memory that one large frame needed.
  reset() {
    this.at = 0;
    if (this.bytes.length > 1 << 20) {
      this.bytes = null;
      this.grow(16 << 10);
    }
    return this;
  }

  room(n) {
    if (this.at + n > this.bytes.length) this.grow(Math.max(2 * this.bytes.length, this.at + n));
  }

  // done returns the frame; it is valid until the next one is begun.
  done() {
    return this.bytes.subarray(0, this.at);
  }

  uint8(n) {
    this.room(1);
    this.view.setUint8(this.at++, n);
    return this;
  }

  uint32(n) {
    this.room(4);
    this.view.setUint32(this.at, n, true);
    this.at += 4;
    return this;
  }

  data(bytes) {
    this.room(4 + bytes.length);
    this.view.setUint32(this.at, bytes.length, true);
    this.bytes.set(bytes, this.at + 4);
    this.at += 4 + bytes.length;
    return this;
  }

  text(string) {
    this.room(4 + 3 * string.length);
    const { written } = encoder.encodeInto(string, this.bytes.subarray(this.at + 4));
    this.view.setUint32(this.at, written, true);
    this.at += 4 + written;
    return this;
  }

  // value writes one value of a row. JavaScript has one kind of number: a whole one is an integer to Go.
  value(v) {
    if (v === null) return this.uint8(0);
    if (typeof v === "string") return this.uint8(3).text(v);
    if (typeof v === "number") {
      this.room(9);
      if (Number.isSafeInteger(v) || Math.abs(v) === 9007199254740992) {
        this.view.setUint8(this.at, 1);
        this.view.setUint32(this.at + 1, v >>> 0, true);
        this.view.setInt32(this.at + 5, Math.floor(v / 4294967296), true);
      } else {
        this.view.setUint8(this.at, 2);
        this.view.setFloat64(this.at + 1, v, true);
      }
      this.at += 9;
      return this;
    }
    return this.uint8(4).data(new Uint8Array(v));
  }
}
