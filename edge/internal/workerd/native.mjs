// Synchronous native cryptography for keys.Native (compatibility flag nodejs_compat).
import crypto from "node:crypto";

const SIGN = 1, IMPORT = 2, GENERATE = 3;
const maxKeys = 64;

const schemes = {
  ES256: {
    sign: (payload, key) => sideBySide(crypto.sign("sha256", payload, key), 32),
    generate: () => crypto.generateKeyPairSync("ec", { namedCurve: "P-256" }),
  },
  RS256: {
    sign: (payload, key) => crypto.sign("sha256", payload, key),
    generate: () => crypto.generateKeyPairSync("rsa", { modulusLength: 2048 }),
  },
  EdDSA: {
    sign: (payload, key) => crypto.sign(null, payload, key),
    generate: () => crypto.generateKeyPairSync("ed25519"),
  },
};

// sideBySide makes r and s, each of size bytes, of an ASN.1 signature: workerd takes the option for that form (dsaEncoding) only
// together with a key that it then parses every time.
function sideBySide(der, size) {
  const out = new Uint8Array(2 * size);
  let at = 2; // past SEQUENCE and its length, which is under 128 for P-256
  for (let end = size; end <= 2 * size; end += size) {
    const length = der[at + 1];
    const skip = Math.max(0, length - size); // a leading zero keeps it positive
    out.set(der.subarray(at + 2 + skip, at + 2 + length), end - length + skip);
    at += 2 + length;
  }
  return out;
}

function scheme(name) {
  if (!Object.hasOwn(schemes, name)) throw new Error(`algorithm ${name} is not supported`);
  return schemes[name];
}

const hex = (bytes) => Buffer.from(bytes).toString("hex");

// Keys holds the keys that a program has signed with, by the digest of their encoding; the oldest make room for new ones.
export class Keys {
  #byDigest = new Map();

  // run carries out one operation and returns its result as bytes. None, for a signature, means that the key must be
  // imported first.
  run(op, frame) {
    switch (op) {
      case SIGN: {
        const key = this.#byDigest.get(hex(frame.data()));
        return key ? scheme(frame.text()).sign(frame.data(), key) : new Uint8Array(0);
      }
      case IMPORT: {
        const digest = hex(frame.data());
        const key = crypto.createPrivateKey({ key: Buffer.from(frame.copy()), format: "der", type: "pkcs8" });
        if (this.#byDigest.size >= maxKeys) this.#byDigest.delete(this.#byDigest.keys().next().value);
        this.#byDigest.set(digest, key);
        return new Uint8Array(0);
      }
      case GENERATE:
        return scheme(frame.text()).generate().privateKey.export({ format: "der", type: "pkcs8" });
    }
    throw new Error("unknown operation");
  }
}
