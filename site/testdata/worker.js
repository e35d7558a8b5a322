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
  { id: "prints", name: "Photo prints", host: "prints.example.com", verified: true, agreed: true, scopes: ["openid", "profile", "offline_access"],
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

const methods = {
  configuration: () => ({ issuer: location.origin, default_domain: "latchkey.localhost" }),
  loadDictionary: () => ({}),
  discover: ({ upn }) => problemOf(upn) ?? { realm: "managed", upn: upn.toLowerCase() },
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
