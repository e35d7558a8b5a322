// Stands in for the worker with the client core: the same messages, canned answers. The account of ada@example.com has the
// password "correct horse battery"; names that start with a code are answered with that problem.
const passwordIsRight = (args) => args.password === "correct horse battery" || args.old === "correct horse battery";
const pause = (milliseconds) => new Promise((done) => setTimeout(done, milliseconds));
const problems = {
  locked: { code: "locked", retry_after: 3 },
  signup_limit: { code: "signup_limit", retry_after: 7200 },
  domain_unknown: { code: "domain_unknown" },
  name_taken: { code: "name_taken" },
  internal: { code: "internal", instance: "req-1234" },
};
let ready;
let sessions = [
  { id: "1", device: "Chromium on Linux", place: "Berlin, DE", created: 1700000000, last_used: Date.now() / 1000, keep: true, current: true },
  { id: "2", device: "Firefox on Android", place: "Hamburg, DE", created: 1700000000, last_used: Date.now() / 1000 - 7300, keep: true, current: false },
  { id: "3", device: "", place: "", created: 1700000000, last_used: Date.now() / 1000 - 400000, keep: false, current: false },
];

let applications = [
  { id: "prints", name: "Photo prints", host: "prints.example.com", verified: true, agreed: true, scopes: ["openid", "profile", "offline_access", "latchkey:settings"],
    resources: [{ name: "Photo library", scopes: ["photos.read"] }], since: 1700000000, last_used: Date.now() / 1000 - 7300, offline: true },
  { id: "self", name: "Quizzes", host: "", verified: false, agreed: true, scopes: ["openid", "email"], resources: [], since: 1700000000, last_used: 1700000000 },
  { id: "gone", name: "", host: "", verified: false, agreed: false, scopes: ["openid"], resources: [], since: 1700000000, last_used: 1700000000 },
];
const apps = [
  { name: "Bank", host: "bank.example.com", url: "https://bank.example.com/" },
  { name: "Photo prints", host: "prints.example.com", url: "https://prints.example.com/go?iss=x" },
  { name: "Wiki of the department with the long name", host: "a-rather-long-host-name.department.example.com", url: "https://a-rather-long-host-name.department.example.com/" },
];

const pairing = {
  state: "p", application: "Living-room TV", upn: "ada@example.com", place: "Berlin, DE", created: 1700000000, expires: 1700000600,
  scopes: ["openid", "profile", "offline_access", "films.read"], resources: ["Film library"],
};

const wanted = {
  choose: false, application: "Photo prints", host: "prints.example.com", verified: true, policy_uri: "https://prints.example.com/privacy", tos_uri: "",
  upn: "ada@example.com", name: "Ada Lovelace", seen: "s", scopes: ["openid", "profile", "offline_access"],
  resources: [{ name: "Photo library", scopes: ["photos.read"] }],
};

const past = Date.now() / 1000 - 7300;
let keepers = [
  { id: "shop", name: "The Corner Shop", verified: true, since: past, records: 3, bytes: 1480, changed: past, opens: true },
  { id: "sketch", name: "Sketchbook with a name that is rather long", verified: false, since: past, records: 812, bytes: 2400000, changed: past, opens: true },
  { id: "gone", name: "", verified: false, since: past, records: 4, bytes: 900, changed: past, opens: false },
];
let stored = [
  { collection: "editor", name: "theme", value: "dark", device: "3", modified: past },
  { collection: "editor", name: "keys.json", value: '{\n  "save": "ctrl+s",\n  "find": "ctrl+f"\n}', device: "1", modified: past },
  { collection: "editor", name: "icon.png", binary: true, value: "A".repeat(6828), device: "gone", modified: 1700000000 },
  { collection: "shell", name: "~/.profile", value: "export EDITOR=vi\n".repeat(40), device: "2", modified: past },
];
let vault; // a test may have left another state than "open" in the cache, once
let network = { pending: 0, paused: false, last: Date.now() / 1000 - 30, metered: false };
const waiting = { id: "w", device: { name: "Chromium on Windows", kind: "browser", place: "Hamburg, DE" }, created: 1700000000, state: "waiting" };
let looks = 0;
let proved = false;
let devices = [
  { id: "1", kind: "browser", name: "Chromium on Linux", place: "Berlin, DE", created: 1700000000, last_used: Date.now() / 1000, trusted: 1700000000, proof: "first", current: true },
  { id: "2", kind: "cli", name: "latchkey on workbench", place: "", created: 1700000000, last_used: past, trusted: 1710000000, proof: "approval", current: false },
  { id: "3", kind: "browser", name: "Firefox on Android", place: "Hamburg, DE", created: 1700000000, last_used: past, trusted: 0, proof: "", current: false },
];
let factors = [
  { id: "f1", kind: "email", value: "ada@example.org", created: 1700000000, used: past },
  { id: "f2", kind: "phone", value: "+4930901820", created: 1700000000, used: 0 },
  { id: "f3", kind: "passkey", name: "Key on my ring", created: 1700000000, used: past, prf: true },
  { id: "f4", kind: "recovery", created: 1700000000, used: 0, prf: true },
];

const methods = {
  async trust() {
    const cache = await caches.open("test");
    vault ??= (await (await cache.match("/vault"))?.text()) ?? "open";
    await cache.delete("/vault");
    return { state: vault, trusted: false, approval: true, methods: [
      { id: "m", kind: "email", hint: "a…@example.org" }, { id: "s", kind: "sms", hint: "+49 … 42" }, { id: "t", kind: "totp" }, { id: "r", kind: "recovery" }] };
  },
  watchSettings: () => ({}),
  settings: () => stored,
  vaultStatus: () => network,
  syncSettings: () => ({}),
  allowMetered: ({ allow }) => ((network = { ...network, metered: allow }), {}),
  keepers: () => keepers,
  keeperSettings: () => [
    { collection: "shop", name: "cart", value: "2", modified: past },
    { collection: "shop", name: "theme", value: "dark", modified: past },
  ],
  exportKeeper: () => ({ text: "{}" }),
  eraseKeeper: ({ id }) => {
    keepers = keepers.filter((keeper) => keeper.id !== id);
    return {};
  },
  keptVaults: () => [{ generation: 1, since: past, until: Date.now() / 1000 + 2000000, records: 12, bytes: 5000, opens: false }],
  setSetting({ collection, name, value }) {
    stored = [...stored.filter((s) => s.collection !== collection || s.name !== name), { collection, name, value, device: "1", modified: Date.now() / 1000 }];
    return {};
  },
  deleteSetting({ collection, name }) {
    stored = stored.filter((s) => s.collection !== collection || s.name !== name);
    return {};
  },
  deleteAllSettings: () => ((stored = []), {}),
  settingHistory: () => [{ value: "light", device: "1", modified: past }, { value: "sepia", device: "gone", modified: 1700000000 }],
  restoreSetting: () => ({}),
  exportSettings: () => ({ text: JSON.stringify(stored) }),
  importSettings: ({ text }) => (text.startsWith("{") ? { new: 2, changed: 1, same: 4 } : { problem: { code: "import_malformed" } }),
  restoreVault: ({ recovery }) => (recovery?.startsWith("7M3K") ? {} : { problem: { code: "vault_locked" } }),
  eraseVault: () => ({}),
  resetVault: (args) => (passwordIsRight(args) ? ((vault = "open"), {}) : { problem: { code: "invalid_credentials" } }),
  unlock(args) {
    if (args.recovery) return { problem: { code: "vault_locked" } };
    if (!passwordIsRight(args)) return { problem: { code: "invalid_credentials" } };
    vault = "open";
    return {};
  },
  devices: () => ({ devices }),
  renameDevice: ({ id, name }) => ((devices.find((d) => d.id === id).name = name), {}),
  revokeDevice: ({ id }) => ((devices = devices.filter((d) => d.id !== id)), {}),
  security: () => ({ factors, phones: true, waiting: [{ id: "x", what: "remove", subject: "f2", due: Date.now() / 1000 + 500000 }] }),
  addEmail: () => (proved ? { challenge: "c" } : { problem: { code: "confirm_required" } }),
  addPhone: () => ({ challenge: "c" }),
  verifyFactor: ({ code }) => (code === "123456" ? {} : { problem: { code: "code_wrong", tries_left: 3 } }),
  totpBegin: () => ({ id: "t", secret: "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP", uri: "otpauth://totp/Latchkey:ada%40example.com?secret=JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP&issuer=Latchkey" }),
  totpFinish: ({ code }) => (code === "123456" ? {} : { problem: { code: "code_wrong", tries_left: 3 } }),
  newRecoveryCode: () => ({ code: "7M3K9QX-2C8VJ4T-N6HRY5D-0WZ1P7F-GB3A9EK-5SX2Q8M-J4T6NHR-Y0D1WZP" }),
  keepRecoveryCode: () => ({}),
  removeFactor: ({ id }) => ((factors = factors.filter((f) => f.id !== id)), {}),
  trustWait: () => ({ due: Date.now() / 1000 + 600000 }),
  undoFactor: () => ({}),
  confirm: (args) => (passwordIsRight(args) ? ((proved = true), {}) : { problem: { code: "invalid_credentials" } }),
  recoverBegin: ({ upn }) => problemOf(upn) ?? { state: "r" },
  recoverProve: ({ code, recovery }) => (code === "123456" ? { state: "p", keeps: false } : recovery?.startsWith("7M3K") ? { state: "p", keeps: true } : { problem: { code: "code_wrong", tries_left: 3 } }),
  recoverFinish: ({ password }) => refusal(password) ?? { redirect: "/account" },
  trustSend: () => ({ challenge: "c", expires: Date.now() / 1000 + 600 }),
  trustProve: ({ code }) => (code === "123456" ? {} : { problem: { code: "code_wrong", tries_left: 3 } }),
  requestApproval: () => ((looks = 0), { id: "w", expires: Date.now() / 1000 + 600 }),
  pollApproval: () => (++looks < 2 ? { state: "waiting" } : looks < 4 ? { state: "taken", number: "042917" } : { state: "approved", number: "042917", confirm: true }),
  confirmApproval: ({ number }) => (number === "17" ? {} : { problem: { code: "answer_wrong", tries_left: 2 } }),
  approvals: () => ({ approvals: [waiting] }),
  takeApproval: () => ({}),
  checkApproval: ({ number, allow }) => (!allow ? {} : number === "042917" ? { answer: "17" } : { problem: { code: "number_wrong" } }),
  configuration: () => ({ issuer: location.origin, default_domain: "latchkey.localhost" }),
  loadDictionary: () => ({}),
  discover: ({ upn }) => problemOf(upn) ?? { realm: "managed", upn: upn.toLowerCase() },
  passkeyOptions: ({ flow }) => ({
    state: "p", expires: Date.now() / 1000 + (flow === "ahead" ? -60 : 3600), // to a clock that is ahead
    options: JSON.stringify({ challenge: "AAAA", rpId: location.hostname, userVerification: "required", allowCredentials: [] }),
  }),
  signinPasskey: () => ({ redirect: "/account" }),
  async signin(args) {
    postMessage({ progress: "hashing" });
    await pause(args.password.startsWith("slow") ? 30000 : 150);
    if (args.password.startsWith("locked")) return { problem: problems.locked };
    if (!passwordIsRight(args)) return { problem: { code: "invalid_credentials" } };
    return { redirect: args.flow ? `/oauth2/resume?flow=${args.flow}` : "/account" };
  },
  signupBegin: ({ upn, kind }) => problemOf(upn) ?? { state: "s", upn, needs_code: kind === "email", expires: Date.now() / 1000 + 600 },
  signupResend: () => ({ state: "s", upn: "ada@example.com", needs_code: true, expires: Date.now() / 1000 + 600 }),
  signupCode: ({ code }) =>
    code === "123456" ? { state: "t", upn: "ada@example.com", needs_code: false, expires: 0 } : { problem: { code: "code_wrong", tries_left: 4 } },
  signupFinish: ({ password }) => refusal(password) ?? { redirect: "/account" },
  passwordStrength: judge,
  account: () => (sessions ? { id: "a", upn: "ada@example.com", name: "Ada Lovelace", email: "ada@example.com", created: 1700000000 } : { problem: { code: "session_required" } }),
  sessions: () => ({ sessions }),
  endSession({ id, others }) {
    sessions = sessions.filter((session) => session.current || (!others && session.id !== id));
    return {};
  },
  applications: () => ({ applications }),
  removeApplication({ id }) {
    applications = applications.filter((application) => application.id !== id);
    return {};
  },
  apps: () => ({ apps }),
  async changePassword(args) {
    postMessage({ progress: "hashing" });
    await pause(100);
    return refusal(args.new) ?? (passwordIsRight(args) ? {} : { problem: { code: "invalid_credentials" } });
  },
  device({ code }) {
    if (code === "SIGN-INNN") return { signin: "/signin?flow=device" };
    if (!/^[a-z]{4}-?[a-z]{4}$/i.test(code)) return { problem: { code: "device_unknown" } };
    return { ...pairing, code: code.toUpperCase(), elsewhere: code.startsWith("F"), verified: !code.startsWith("X") };
  },
  answerDevice: ({ state, allow }) => (state !== "p" ? { problem: { code: "expired" } } : { allow }),
  consent({ flow }) {
    if (flow === "gone") return { problem: { code: "expired" } };
    if (flow === "out") return { problem: { code: "session_required" } };
    return { ...wanted, choose: flow === "choose", verified: flow !== "self", host: flow === "native" ? "" : wanted.host };
  },
  decideConsent: ({ flow, seen, allow }) => (seen !== "s" ? { problem: { code: "expired" } } : { redirect: `/oauth2/resume?flow=${flow}-${allow}` }),
  signout: ({ flow }) => ({ front_channel: flow ? [location.origin + "/front-channel"] : [], redirect: flow === "shop" ? "https://shop.test:" + location.port + "/bye" : "/" }),
};

function problemOf(upn) {
  const problem = problems[upn.split("@")[0]];
  return problem && { problem };
}

function judge({ password }) {
  const score = Math.min(4, Math.floor(password.length / 5));
  if (password.length < 12) return { acceptable: false, score, reason: "too_short", suggestions: ["make_longer", "add_words"] };
  if (password.startsWith("aaa")) return { acceptable: false, score: 1, reason: "weak", suggestions: ["avoid_repeat", "add_words"] };
  return { acceptable: true, score, suggestions: [] };
}

function refusal(password) {
  const verdict = judge({ password });
  return verdict.acceptable ? undefined : { problem: { code: "password_refused", verdict } };
}

async function load() {
  const { body } = await fetch("/module"); // the test server decides how long this takes
  await body.pipeTo(new WritableStream());
}

addEventListener("message", async ({ data: { id, method, args } }) => {
  ready ??= load();
  await ready;
  const answer = await methods[method](args);
  postMessage(answer.problem ? { id, problem: answer.problem } : { id, ok: answer });
});
