// Sign-up: the address, the code that proves it, the password.
import { call, start } from "./core.mjs";
import { clear, handle, notice, reveal, WrongField } from "./form.mjs";
import { leave } from "./leave.mjs";
import { flow, language, text } from "./page.mjs";
import { countdown, duration } from "./problem.mjs";
import { steps } from "./steps.mjs";
import { judged, meter } from "./strength.mjs";

const form = document.getElementById("signup");
const { name, email, local, code, username, keep } = form.elements;
const password = form.elements["new-password"];
const hint = document.getElementById("code-hint");
const news = document.getElementById("code-news");
let state; // of the sign-up, as the service last answered
let proved = false;
let stopClock = () => {};

const step = steps(form, (wanted) => {
  if (wanted === "address" || !state) return "address";
  return proved ? "password" : "code";
});

const kind = () => form.elements.kind.value;
const about = () => [state.upn, name.value];

function chooseKind() {
  for (const field of form.querySelectorAll("[data-kind]")) field.hidden = field.dataset.kind !== kind();
}

async function begin(watch) {
  if (!name.value.trim()) throw new WrongField(name, text("signup.name.missing"));
  const input = kind() === "email" ? email : local;
  const typed = input.value.trim();
  if (!typed) throw new WrongField(input, text("signup.address.missing"));
  if (kind() === "email" && !/^[^@\s]+@[^@\s]+$/.test(typed)) throw new WrongField(input, text("signup.address.invalid"));
  const upn = kind() === "email" ? typed : `${typed}@${(await configuration).default_domain}`;
  try {
    accept(await call("signupBegin", { flow, kind: kind(), upn, language }, watch));
  } catch (problem) {
    if (!["name_taken", "name_invalid", "invalid_upn"].includes(problem.code)) throw problem;
    throw new WrongField(input, text("signup.address." + problem.code));
  }
  proved = !state.needs_code;
  news.textContent = code.value = "";
  step.go(proved ? "password" : "code");
}

// accept takes over a new state and runs the clock of its code.
function accept(answer) {
  state = answer;
  username.value = state.upn;
  for (const shown of form.querySelectorAll(".upn")) shown.textContent = state.upn;
  stopClock();
  if (!state.needs_code) return;
  const left = Math.max(1, Math.floor(state.expires - Date.now() / 1000));
  stopClock = countdown(
    left,
    (seconds) => (hint.textContent = text("signup.code.valid", { wait: duration(seconds) })),
    () => (hint.textContent = text("signup.code.old")),
  );
}

async function prove(watch) {
  const digits = code.value.replace(/\D/g, "");
  if (digits.length !== 6) throw new WrongField(code, text("signup.code.digits"));
  try {
    state = await call("signupCode", { state: state.state, code: digits }, watch);
  } catch (problem) {
    if (!["code_wrong", "code_spent"].includes(problem.code)) throw problem;
    throw new WrongField(code, text("signup.code." + problem.code, { tries: problem.tries_left ?? 0 }));
  }
  proved = true;
  stopClock();
  step.replace("password");
}

async function finish(watch) {
  const args = { state: state.state, upn: state.upn, flow, name: name.value.trim(), password: password.value, keep: keep.checked };
  return leave((await judged(password, watch, () => call("signupFinish", args, watch))).redirect);
}

async function resend() {
  clear(form);
  news.textContent = code.value = "";
  code.focus();
  try {
    accept(await call("signupResend", { state: state.state }));
    news.textContent = text("signup.code.sent");
  } catch (problem) {
    notice(form, problem);
  }
}

const work = { address: begin, code: prove, password: finish };
handle(form, (watch) => work[step.current](watch));
for (const radio of form.elements.kind) radio.addEventListener("change", chooseKind);
document.getElementById("resend").addEventListener("click", resend);
form.querySelector("[data-back]").addEventListener("click", () => history.back());
addEventListener("pageshow", ({ persisted }) => persisted && (password.value = ""));

meter(password, about);
reveal();
chooseKind();
start();
const configuration = call("configuration");
configuration.then(
  ({ default_domain: domain }) => (document.getElementById("domain").textContent = "@" + domain),
  (problem) => notice(form, problem),
);
