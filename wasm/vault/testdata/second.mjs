// A second implementation of site/src/docs/vault.md, as small as it goes, over Node's own primitives: it opens and makes again what
// vectors.json has. It shares no line with the first.
import { createCipheriv, createDecipheriv, createECDH, createHash, createHmac, hkdfSync } from "node:crypto";
import { readFileSync } from "node:fs";
import assert from "node:assert/strict";

const x = JSON.parse(readFileSync(process.argv[2], "utf8"));
const hex = (text) => Buffer.from(text, "hex");
const int = (value, bytes) => Buffer.from(BigInt(value).toString(16).padStart(2 * bytes, "0"), "hex");
const cat = (...parts) => Buffer.concat(parts.map((p) => (typeof p === "string" ? Buffer.from(p) : p)));
const field = (part) => cat(int(Buffer.byteLength(part), 4), part);
const sha256 = (...parts) => createHash("sha256").update(cat(...parts)).digest();
const derive = (secret, label) => Buffer.from(hkdfSync("sha256", secret, "", label, 32));
const id = (key, ...name) => createHmac("sha256", key).update(cat(...name)).digest().subarray(0, 16);
const id64 = (bytes) => bytes.toString("base64url");

// HChaCha20 and XChaCha20-Poly1305 (draft-irtf-cfrg-xchacha-03).
function hchacha(key, nonce) {
  const s = new Uint32Array(16);
  s.set([0x61707865, 0x3320646e, 0x79622d32, 0x6b206574]);
  for (let i = 0; i < 8; i++) s[4 + i] = key.readUInt32LE(4 * i);
  for (let i = 0; i < 4; i++) s[12 + i] = nonce.readUInt32LE(4 * i);
  const turn = (to, from, mix, n) => {
    s[to] += s[from];
    s[mix] ^= s[to];
    s[mix] = (s[mix] << n) | (s[mix] >>> (32 - n));
  };
  const quarter = (a, b, c, d) => { turn(a, b, d, 16); turn(c, d, b, 12); turn(a, b, d, 8); turn(c, d, b, 7); };
  for (let i = 0; i < 10; i++) {
    for (let k = 0; k < 4; k++) quarter(k, 4 + k, 8 + k, 12 + k);
    for (let k = 0; k < 4; k++) quarter(k, 4 + (k + 1) % 4, 8 + (k + 2) % 4, 12 + (k + 3) % 4);
  }
  const out = Buffer.alloc(32);
  [0, 1, 2, 3, 12, 13, 14, 15].forEach((from, i) => out.writeUInt32LE(s[from], 4 * i));
  return out;
}
function xseal(key, nonce, plain, data) {
  const c = createCipheriv("chacha20-poly1305", hchacha(key, nonce), cat(Buffer.alloc(4), nonce.subarray(16)), { authTagLength: 16 });
  c.setAAD(data, { plaintextLength: plain.length });
  return cat(c.update(plain), c.final(), c.getAuthTag());
}

// Bodies.
function body(what, ids, version, generation, key, nonce, plain) {
  const header = cat(int(1, 1), int(generation, 4));
  const data = cat(field(what), field(x.account), ...ids.map(field), int(version, 8), header);
  return { data, sealed: cat(header, nonce, xseal(key, nonce, plain, data)) };
}
function padded(n) {
  if (n <= 128) return 128;
  const e = Math.floor(Math.log2(n)), s = Math.floor(Math.log2(e)) + 1;
  return Math.ceil(n / 2 ** (e - s)) * 2 ** (e - s);
}
const pad = (plain) => cat(plain, Buffer.alloc(padded(plain.length) - plain.length));
const same = (got, want, what) => assert.equal(got.toString("hex"), want, what);

for (const p of x.padme) assert.equal(padded(p.length), p.padded, `padded(${p.length})`);

const root = hex(x.name_root), master = hex(x.master_key);
const names = derive(root, "latchkey/vault/v1/collection-names");
const collection = id(names, "collection\0", x.records[0].collection);
const recordNames = derive(root, `latchkey/vault/v1/record-names/${id64(collection)}`);
const recordKey = derive(master, `latchkey/vault/v1/record/${id64(collection)}`);
const manifestKey = derive(master, `latchkey/vault/v1/manifest/${id64(collection)}`);
same(names, x.derived.collection_names_key);
same(recordNames, x.derived.record_names_key);
same(recordKey, x.derived.record_key);
same(manifestKey, x.derived.manifest_key);
same(derive(root, "latchkey/vault/v1/local"), x.derived.local_key);
same(derive(root, "latchkey/vault/v1/fingerprint"), x.derived.fingerprint);

const rows = [];
for (const r of x.records) {
  assert.equal(id64(collection), r.collection_id);
  const record = id(recordNames, r.name);
  assert.equal(id64(record), r.record_id);
  const value = hex(r.value), name = Buffer.from(r.name);
  const plain = pad(cat(int(name.length, 2), name, int(value.length, 4), value, int(r.stamp, 8), hex(r.device), int(r.deleted ? 1 : 0, 1)));
  same(plain, r.plain, r.name);
  const b = body("record", [collection, record], r.version, r.generation, recordKey, hex(r.nonce), plain);
  same(b.data, r.associated_data, r.name);
  same(b.sealed, r.body, r.name);
  rows.push({ record, row: cat(record, int(r.version, 8), sha256(b.sealed)) });
}

const leaves = Array.from({ length: 256 }, (_, i) =>
  sha256(...rows.filter((r) => r.record[0] === i).sort((a, b) => Buffer.compare(a.record, b.record)).map((r) => r.row)));
same(sha256(...leaves), x.manifest.root);
const collectionName = Buffer.from(x.records[0].collection);
const summary = pad(cat(int(rows.length, 4), sha256(...leaves), int(collectionName.length, 2), collectionName));
const m = body("manifest", [collection], x.manifest.version, x.manifest.generation, manifestKey, hex(x.manifest.nonce), summary);
same(m.data, x.manifest.associated_data);
same(m.sealed, x.manifest.body);

// HPKE, RFC 9180: DHKEM(P-256, HKDF-SHA256) 0x0010, HKDF-SHA256 0x0001, ChaCha20Poly1305 0x0003, base mode.
const hmac = (key, ...parts) => createHmac("sha256", key).update(cat(...parts)).digest();
const extract = (suite, salt, label, ikm) => hmac(salt, "HPKE-v1", suite, label, ikm);
const expand = (suite, prk, label, info, n) => hmac(prk, int(n, 2), "HPKE-v1", suite, label, info, int(1, 1)).subarray(0, n);
const kem = cat("KEM", int(0x10, 2)), hpke = cat("HPKE", int(0x10, 2), int(1, 2), int(3, 2));
const none = Buffer.alloc(0);
function keyPair(ikm) {
  const prk = extract(kem, none, "dkp_prk", ikm); // the first candidate is out of range once in 2^32 times
  return expand(kem, prk, "candidate", int(0, 1), 32);
}
function hpkeOpen(own, sealed, info) {
  const enc = sealed.subarray(0, 65), box = sealed.subarray(65);
  const shared = expand(kem, extract(kem, none, "eae_prk", own.computeSecret(enc)), "shared_secret", cat(enc, own.getPublicKey()), 32);
  const context = cat(int(0, 1), extract(hpke, none, "psk_id_hash", none), extract(hpke, none, "info_hash", info));
  const secret = extract(hpke, shared, "secret", none);
  const d = createDecipheriv("chacha20-poly1305", expand(hpke, secret, "key", context, 32), expand(hpke, secret, "base_nonce", context, 12), { authTagLength: 16 });
  d.setAAD(none, { plaintextLength: box.length - 16 });
  d.setAuthTag(box.subarray(-16));
  return cat(d.update(box.subarray(0, -16)), d.final());
}

for (const i of x.identities) {
  const own = createECDH("prime256v1");
  own.setPrivateKey(i.kind === "device" ? hex(i.secret) : keyPair(derive(hex(i.secret), `latchkey/wrap/v1/${i.kind}`)));
  same(own.getPublicKey(), i.public, i.kind);
  const info = cat(field("latchkey/wrap/v1"), field(x.account), field(i.kind), field(i.id), int(x.ring.version, 8));
  same(info, i.info, i.kind);
  assert.equal(hex(i.wrap)[0], 1);
  same(hpkeOpen(own, hex(i.wrap).subarray(1), info), x.ring.ring_key, i.kind);
}
const ring = body("ring", [], x.ring.version, 0, derive(hex(x.ring.ring_key), "latchkey/vault/v1/ring"), hex(x.ring.nonce), hex(x.ring.plain));
same(ring.data, x.ring.associated_data);
same(ring.sealed, x.ring.sealed);
assert.ok(x.ring.plain.startsWith(x.name_root) && x.ring.plain.includes(x.master_key));

// The same ring when its first master key has been given up.
const first = hex(x.ring.plain).subarray(38, 70), recipients = hex(x.ring.plain).subarray(106);
const mark = derive(first, "latchkey/vault/v1/generation");
same(mark, x.ring_later.mark);
same(cat(root, int(1, 2), int(2, 4), master, recipients, int(1, 2), int(1, 4), mark), x.ring_later.plain);

// The vault of an application.
const app = createECDH("prime256v1");
app.setPrivateKey(keyPair(derive(hex(x.application.key), "latchkey/wrap/v1/application")));
same(app.getPublicKey(), x.application.public, "application");
assert.equal("application:" + Buffer.from(derive(hex(x.application.key), "latchkey/vault/v1/application")).toString("base64url"), x.application.account);
assert.equal(Buffer.from(derive(hex(x.application.key), "latchkey/vault/v1/application-id")).subarray(0, 16).toString("base64url"), x.application.id);

// Codes.
const alphabet = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
const base32 = (b) => [...b].map((c) => c.toString(2).padStart(8, "0")).join("").match(/.{5}/g).map((v) => alphabet[parseInt(v, 2)]).join("");
const groups = (text, n) => text.match(new RegExp(`.{${n}}`, "g")).join("-");
for (const c of x.recovery_codes) {
  const secret = hex(c.secret);
  assert.equal(groups(base32(cat(secret, sha256("latchkey/vault/v1/recovery-code", secret).subarray(0, 3))), 7), c.code);
}

// Merges.
const order = (a, b) => Number(BigInt(a.stamp) - BigInt(b.stamp)) || Buffer.compare(hex(a.device), hex(b.device)) ||
  a.deleted - b.deleted || Buffer.compare(hex(a.value), hex(b.value));
for (let i = 1; i < x.merge_ascending.length; i++) assert.ok(order(x.merge_ascending[i - 1], x.merge_ascending[i]) < 0);
console.log("the same");
