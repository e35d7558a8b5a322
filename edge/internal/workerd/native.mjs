// Synchronous native cryptography for keys.Native (compatibility flag nodejs_compat).
import crypto from "node:crypto";

const SIGN = 1, IMPORT = 2, GENERATE = 3;
const maxKeys = 64;

const schemes = {
  ES256: {
    sign: (payload, key) => crypto.sign("sha256", payload, { key, dsaEncoding: "ieee-p1363" }),
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
