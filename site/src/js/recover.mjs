// Forgotten password: a proof by something registered, then a new password. The ways that also open the settings come first. What is
// said here is the same for every name, registered or not, and so is what the service answers.
import "./fault.mjs";
import { call, start } from "./core.mjs";
import { handle, reveal, WrongField } from "./form.mjs";
import { leave } from "./leave.mjs";
import { language, query, text } from "./page.mjs";
import { available, get as usePasskey } from "./passkey.mjs";
import { steps } from "./steps.mjs";
import { judged, meter } from "./strength.mjs";

const form = document.getElementById("recover");
const get = (id) => document.getElementById(id);
const { username, value, code, recovery, keep } = form.elements;
const password = form.elements["new-password"];
let upn = "";
let state = ""; // of the recovery, sealed by the service
let proved = false;

const step = steps(form, (wanted) => {
  if (wanted === "name" || !upn) return "name";
  if (proved) return "password";
  return wanted === "password" ? "way" : wanted;
});

const way = () => form.elements.way.value;

async function named() {
  const typed = username.value.trim();
  if (!typed) throw new WrongField(username, text("signin.name.missing"));
  if (!/^[^@\s]+@[^@\s]+$/.test(typed)) throw new WrongField(username, text("signin.name.invalid"));
  upn = typed;
  form.elements["signs-in"].value = upn;
  for (const shown of form.querySelectorAll(".upn")) shown.textContent = upn;
  step.go("way");
}

async function chosen(watch) {
  const kind = way();
  if (kind === "recovery") return step.go("recovery");
  if (kind === "passkey") return byPasskey(watch);
  if (kind === "totp") {
    ({ state } = await call("recoverBegin", { upn, kind }, watch));
    return toCode(text("trust.code.totp"));
  }
  value.type = kind === "email" ? "email" : "tel";
  get("value-label").textContent = kind === "email" ? text("recover.value.email") : text("recover.value.phone");
  value.value = "";
  step.go("value");
}

async function send(watch) {
  const kind = way();
  let typed = value.value.trim();
  if (kind === "email" && !/^[^@\s]+@[^@\s]+$/.test(typed)) throw new WrongField(value, text("signup.address.invalid"));
  if (kind !== "email") {
    typed = typed.replace(/[\s()/.-]/g, "");
    if (!/^\+[1-9]\d{6,14}$/.test(typed)) throw new WrongField(value, text("factors.phone.invalid"));
  }
  ({ state } = await call("recoverBegin", { upn, kind, value: typed, language }, watch));
  toCode(text("recover.sent", { value: typed }));
}

function toCode(words) {
  get("code-lead").textContent = words;
  code.value = "";
  step.go("code");
}

async function byPasskey(watch) {
  const begun = await call("recoverBegin", { upn, kind: "passkey" }, watch);
  let used;
  try {
    used = await usePasskey(begun.options);
  } catch (error) {
    if (error.name === "NotAllowedError") return; // the person has closed the browser's window
    throw error;
  }
  await prove({ state: begun.state, assertion: used.credential, prf: used.prf || undefined }, watch);
}

async function byCode(watch) {
  const digits = code.value.replace(/\s/g, "");
  if (!/^\d{6,8}$/.test(digits)) throw new WrongField(code, text("signup.code.digits"));
  try {
    await prove({ state, code: digits }, watch);
  } catch (problem) {
    if (problem.code === "code_wrong") throw new WrongField(code, text("signup.code.code_wrong", { tries: problem.tries_left ?? 0 }));
    if (problem.code === "code_spent") throw new WrongField(code, text("trust.code.spent"));
    throw problem;
  }
}

async function byRecovery(watch) {
  if (!recovery.value.trim()) throw new WrongField(recovery, text("settings.recovery.missing"));
  const begun = await call("recoverBegin", { upn, kind: "recovery" }, watch);
  try {
    await prove({ state: begun.state, recovery: recovery.value }, watch);
  } catch (problem) {
    if (!["code_wrong", "recovery_code_typing"].includes(problem.code)) throw problem;
    throw new WrongField(recovery, text("trust.recovery.wrong"));
  }
}

async function prove(proof, watch) {
  const answer = await call("recoverProve", proof, watch);
  state = answer.state;
  proved = true;
  get("password-lead").textContent = answer.keeps ? text("recover.password.keeps") : text("recover.password.loses");
  step.replace("password");
}

async function finish(watch) {
  const { redirect } = await judged(password, watch, () => call("recoverFinish", { state, password: password.value, keep: keep.checked }, watch));
  return leave(redirect || "/account");
}

const work = { name: named, way: chosen, value: send, code: byCode, recovery: byRecovery, password: finish };
handle(form, (watch) => work[step.current](watch));
form.querySelector("[data-back]").addEventListener("click", () => history.back());
for (const button of form.querySelectorAll("[data-go]")) button.addEventListener("click", () => step.replace(button.dataset.go));
get("passkey").hidden = !available();

const hint = query.get("login_hint");
if (hint && !username.value) username.value = hint.slice(0, 254);
meter(password, () => [upn]);
reveal();
start();
