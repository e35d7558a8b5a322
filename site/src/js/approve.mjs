// Confirming a new device from one that is confirmed: the person types the number that the new device shows.
import "./fault.mjs";
import { call, start } from "./core.mjs";
import { handle, notice, WrongField } from "./form.mjs";
import { leave } from "./leave.mjs";
import { language, localised, text } from "./page.mjs";
import { steps } from "./steps.mjs";

const form = document.getElementById("approve");
const get = (id) => document.getElementById(id);
const { number } = form.elements;
const pause = 2000; // milliseconds between two looks
let request; // the one that is looked at
let answer = ""; // the button that was pressed last

const step = steps(form, (name) => (name === "confirm" && !request ? "wait" : name));

// watch lists what is waiting until one is chosen.
async function watch() {
  while (step.current === "wait") {
    if (document.visibilityState === "visible") {
      const { approvals } = await call("approvals");
      get("waiting").textContent = approvals.length ? text("approve.found") : text("approve.waiting");
      get("requests").replaceChildren(...approvals.map(row));
    }
    await new Promise((resolve) => setTimeout(resolve, pause));
  }
}

const when = (time) => new Intl.DateTimeFormat(language, { timeStyle: "short" }).format(time * 1000);

function row(found) {
  const { device, created } = found;
  const item = get("request").content.cloneNode(true);
  const name = device.name || text("sessions.unknown");
  item.querySelector(".name").textContent = name;
  item.querySelector(".detail").textContent = [device.place, when(created)].filter(Boolean).join(" · ");
  const button = item.querySelector("button");
  button.setAttribute("aria-label", text("approve.open.of", { name }));
  button.addEventListener("click", () => take(found).catch(failed));
  return item;
}

async function take(found) {
  await call("takeApproval", { id: found.id });
  request = found;
  get("fact-device").textContent = found.device.name || text("sessions.unknown");
  get("fact-place").textContent = found.device.place || text("device.place.unknown");
  get("fact-created").textContent = when(found.created);
  number.value = "";
  step.go("confirm");
}

async function decide(progress) {
  const allow = answer === "allow";
  const digits = number.value.replace(/\s/g, "");
  if (allow && !/^\d{6}$/.test(digits)) throw new WrongField(number, text("approve.number.missing"));
  try {
    const { answer: shown } = await call("checkApproval", { id: request.id, number: digits, allow }, progress);
    get("answer").textContent = shown ?? "";
  } catch (problem) {
    if (problem.code === "number_wrong") throw new WrongField(number, text("approve.number.wrong"));
    if (problem.code === "number_early") throw new WrongField(number, text("approve.number.wait"));
    throw problem;
  }
  request = undefined;
  step.replace(allow ? "allowed" : "denied");
}

function failed(problem) {
  if (problem.code === "session_required") return leave(localised("/signin"));
  if (problem.code === "device_untrusted") return leave(localised("/trust"));
  if (problem.code === "approval_taken" || problem.code === "expired") get("waiting").textContent = text("approve.over");
  else notice(form, problem.code ? problem : { code: "module" });
}

// Only the buttons answer: the key that submits a form chooses its first button, which would be neither.
form.addEventListener("submit", ({ submitter }) => (answer = submitter?.value ?? ""), { capture: true });
handle(form, (progress) => answer && decide(progress).catch((problem) => {
  if (problem.code === "session_required" || problem.code === "device_untrusted") return failed(problem);
  throw problem;
}));
addEventListener("popstate", () => step.current === "wait" && watch().catch(failed));

start();
watch().catch(failed);
