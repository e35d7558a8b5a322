// Synchronous native cryptography for keys.Native (compatibility flag nodejs_compat).
import crypto from "node:crypto";

const SIGN = 1, IMPORT = 2, GENERATE = 3, VERIFY = 4;
const maxKeys = 64;

const rsa = () => crypto.generateKeyPairSync("rsa", { modulusLength: 2048 });
const salted = { padding: crypto.constants.RSA_PKCS1_PSS_PADDING, saltLength: 32 };

// A key is { object, source }: the parsed key, and what it was parsed from, because workerd takes options, such as those of
// RSASSA-PSS, only together with the latter. Parsing that costs little beside an RSA signature. Its crypto.sign and crypto.verify
// take the options and ignore them (PKCS #1 comes out); createSign and createVerify do not.
const schemes = {
  ES256: {
    sign: (payload, key) => sideBySide(crypto.sign("sha256", payload, key.object), 32),
    verify: (payload, key, signature) => crypto.verify("sha256", payload, key.object, asn1(signature)),
    generate: () => crypto.generateKeyPairSync("ec", { namedCurve: "P-256" }),
  },
  RS256: {
    sign: (payload, key) => crypto.sign("sha256", payload, key.object),
    verify: (payload, key, signature) => crypto.verify("sha256", payload, key.object, signature),
    generate: rsa,
  },
  PS256: {
    sign: (payload, key) => crypto.createSign("sha256").update(payload).sign({ ...key.source, ...salted }),
    verify: (payload, key, signature) => crypto.createVerify("sha256").update(payload).verify({ ...key.source, ...salted }, signature),
    generate: rsa,
  },
  EdDSA: {
    sign: (payload, key) => crypto.sign(null, payload, key.object),
    verify: (payload, key, signature) => crypto.verify(null, payload, key.object, signature),
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

// asn1 is the reverse, for a signature of 64 bytes.
function asn1(signature) {
  const parts = [];
  for (const half of [signature.subarray(0, 32), signature.subarray(32)]) {
    let from = 0;
    while (from < 31 && half[from] === 0) from++;
    const body = half[from] & 0x80 ? [0, ...half.subarray(from)] : [...half.subarray(from)];
    parts.push(2, body.length, ...body);
  }
  return new Uint8Array([0x30, parts.length, ...parts]);
}

function scheme(name) {
  if (!Object.hasOwn(schemes, name)) throw new Error(`algorithm ${name} is not supported`);
  return schemes[name];
}

const name = (digest) => String.fromCharCode(...digest);

// Keys holds the keys that a program has signed or verified with, by the digest of their encoding; the oldest make room for new
// ones.
export class Keys {
  #byDigest = new Map();

  // run carries out one operation and returns its result as bytes. None, for a signature or a verification, means that the key
  // must be imported first.
  run(op, frame) {
    switch (op) {
      case SIGN: {
        const key = this.#byDigest.get(name(frame.data()));
        return key ? scheme(frame.text()).sign(frame.data(), key) : new Uint8Array(0);
      }
      case VERIFY: {
        const key = this.#byDigest.get(name(frame.data()));
        if (!key) return new Uint8Array(0);
        return new Uint8Array([scheme(frame.text()).verify(frame.data(), key, frame.data()) ? 1 : 0]);
      }
      case IMPORT: {
        const digest = name(frame.data());
        const type = frame.text();
        const source = { key: Buffer.from(frame.copy()), format: "der", type };
        const object = type === "spki" ? crypto.createPublicKey(source) : crypto.createPrivateKey(source);
        if (this.#byDigest.size >= maxKeys) this.#byDigest.delete(this.#byDigest.keys().next().value);
        this.#byDigest.set(digest, { object, source });
        return new Uint8Array(0);
      }
      case GENERATE:
        return scheme(frame.text()).generate().privateKey.export({ format: "der", type: "pkcs8" });
    }
    throw new Error("unknown operation");
  }
}
