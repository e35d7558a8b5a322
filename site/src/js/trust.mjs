// Confirming this device: a code, a passkey, a printed code, or another device with the same number on both.
import "./fault.mjs";
import { call, start } from "./core.mjs";
import { handle, notice, WrongField } from "./form.mjs";
import { day } from "./ago.mjs";
import { leave } from "./leave.mjs";
import { available, get as usePasskey } from "./passkey.mjs";
import { language, localised, text } from "./page.mjs";
import { steps } from "./steps.mjs";

const form = document.getElementById("trust");
const get = (id) => document.getElementById(id);
const { code, recovery, answer } = form.elements;
let methods = [];
let sent; // {method, challenge} that is to be proved
let request = ""; // id of the approval that is waited for

const step = steps(form, (name) => (methods.length ? name : "wait"));
const failed = (problem) => notice(form, problem.code ? problem : { code: "module" });

async function look() {
  const found = await call("trust");
  if (found.trusted) return done();
  methods = [
    ...(found.approval ? [{ id: "approval", kind: "approval" }] : []),
    ...(found.methods ?? []).filter(({ kind }) => kind !== "passkey" || available()),
  ];
  if (methods.length === 0) methods.push({ id: "waiting", kind: "waiting" }); // nothing else could prove it
  get("methods").append(...methods.map(option));
  step.replace("choose");
}

function option({ id, kind, hint }, i) {
  const item = get("method").content.cloneNode(true);
  const input = item.querySelector("input");
  input.value = id;
  input.checked = i === 0;
  item.querySelector(".name").textContent = text("trust.method." + kind);
  item.querySelector(".detail").textContent = hint || text("trust.method." + kind + ".hint");
  return item;
}

async function choose(watch) {
  const method = methods.find(({ id }) => id === form.elements.method.value);
  const { kind, hint } = method;
  if (kind === "approval") return void approval().catch(failed); // which takes minutes: the form is free meanwhile
  if (kind === "waiting") return waiting((await call("trustWait", { language }, watch)).due);
  sent = { method: method.id, challenge: "" };
  if (kind === "recovery") return step.go("recovery");
  if (kind === "totp") {
    get("code-lead").textContent = text("trust.code.totp");
    return step.go("code");
  }
  const answer = await call("trustSend", { method: method.id, channel: kind, language }, watch);
  sent.challenge = answer.challenge;
  if (kind === "passkey") return passkey(answer.options, watch);
  get("code-lead").textContent = kind === "call" ? text("trust.code.call", { hint }) : text("trust.code.sent", { hint });
  code.value = "";
  step.go("code");
}

async function passkey(options, watch) {
  let used;
  try {
    used = await usePasskey(options);
  } catch (error) {
    if (error.name === "NotAllowedError") return; // the person has closed the browser's window
    throw error;
  }
  await call("trustProve", { ...sent, assertion: used.credential, prf: used.prf || undefined }, watch);
  await done();
}

async function prove(watch) {
  const digits = code.value.replace(/\s/g, "");
  if (!/^\d{6,8}$/.test(digits)) throw new WrongField(code, text("signup.code.digits"));
  try {
    await call("trustProve", { ...sent, code: digits }, watch);
  } catch (problem) {
    if (problem.code === "code_wrong") throw new WrongField(code, text("signup.code.code_wrong", { tries: problem.tries_left ?? 0 }));
    if (problem.code === "code_spent") throw new WrongField(code, text("trust.code.spent"));
    throw problem;
  }
  await done();
}

async function proveRecovery(watch) {
  if (!recovery.value.trim()) throw new WrongField(recovery, text("settings.recovery.missing"));
  try {
    await call("trustProve", { ...sent, recovery: recovery.value }, watch);
  } catch (problem) {
    if (!["code_wrong", "recovery_code_typing"].includes(problem.code)) throw problem;
    throw new WrongField(recovery, text("trust.recovery.wrong"));
  }
  await done();
}

// approval waits for another device. The number is made of what both devices have said, so a service that put in a key of its own
// would make them show different ones. When nothing here opens the settings, the other device's answer is asked for too.
async function approval() {
  get("number").hidden = true;
  get("approval-hint").hidden = false;
  get("approval-heading").textContent = text("trust.approval.heading");
  get("approval-lead").textContent = text("trust.approval.waiting");
  step.go("approval");
  const { id } = await call("requestApproval");
  request = id;
  while (request === id && step.current === "approval") {
    const { state, number, confirm } = await call("pollApproval", { id });
    if (request !== id) return;
    if (number && get("number").hidden) {
      get("approval-lead").textContent = text("trust.approval.number");
      get("number").textContent = `${number.slice(0, 3)} ${number.slice(3)}`;
      get("number").hidden = false;
    }
    if (state === "approved" && !confirm) return done();
    if (state === "approved") return step.replace("confirm");
    if (state === "denied" || state === "expired") return ended(text("trust.approval." + state));
    await new Promise((resolve) => setTimeout(resolve, 1500));
  }
}

function ended(why, heading = text("trust.approval.over")) {
  request = "";
  get("approval-heading").textContent = heading;
  get("approval-lead").textContent = why;
  get("number").hidden = get("approval-hint").hidden = true;
  step.replace("approval");
}

// confirm takes what the other device shows since it has accepted the number. Without it the service alone could say that it has.
async function confirm(watch) {
  const digits = answer.value.replace(/\s/g, "");
  if (!/^\d\d$/.test(digits)) throw new WrongField(answer, text("trust.confirm.digits"));
  try {
    await call("confirmApproval", { id: request, number: digits }, watch);
  } catch (problem) {
    if (problem.code !== "answer_wrong") throw problem;
    if (!problem.tries_left) return unconfirmed();
    throw new WrongField(answer, text("trust.confirm.wrong", { tries: problem.tries_left }));
  }
  await done();
}

const unconfirmed = () => ended(text("trust.approval.unconfirmed"));
const waiting = (due) => ended(text("trust.waiting", { when: day(due) }), text("trust.waiting.heading"));

async function done() {
  request = "";
  step.replace("done");
}

const work = { choose, code: prove, recovery: proveRecovery, confirm };
handle(form, (watch) =>
  work[step.current]?.(watch).catch((problem) => {
    if (problem.code === "session_required") return leave(localised("/signin"));
    throw problem;
  }));

for (const button of form.querySelectorAll("[data-go]")) {
  button.addEventListener("click", () => {
    request = "";
    step.replace(button.dataset.go);
  });
}

get("nothing").addEventListener("click", unconfirmed);

start();
look().catch((problem) => (problem.code === "session_required" ? leave(localised("/signin")) : failed(problem)));
