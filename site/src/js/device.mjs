// A device without a keyboard: the person types the code that it shows, sees who asks for what and from where, and answers. A code
// that came with the address is only filled in: opening a link must never be half of an answer.
import { call, start } from "./core.mjs";
import { handle, WrongField } from "./form.mjs";
import { leave } from "./leave.mjs";
import { language, localised, query, text } from "./page.mjs";
import { steps } from "./steps.mjs";

const form = document.getElementById("device");
const { code, mine } = form.elements;
let request; // what the service said of the code; there is nothing to confirm without it
let answer = ""; // the button that was pressed last

const step = steps(form, (name) => (name === "confirm" && !request ? "code" : name));

const put = (id, words) => (document.getElementById(id).textContent = words);

async function look(watch) {
  if (!code.value.trim()) throw new WrongField(code, text("device.code.missing"));
  try {
    request = await call("device", { code: code.value }, watch);
  } catch (problem) {
    if (problem.code !== "device_unknown") throw problem;
    throw new WrongField(code, text("device.code.unknown"));
  }
  if (request.signin) return leave(localised(request.signin));
  show(request);
  step.go("confirm");
}

function show({ application, verified, code: shown, place, created, upn, elsewhere, scopes = [], resources = [] }) {
  put("asks", text("device.asks", { application }));
  put("shown", shown);
  put("fact-application", application);
  put("fact-place", place || text("device.place.unknown"));
  put("fact-created", new Intl.DateTimeFormat(language, { timeStyle: "short" }).format(created * 1000));
  put("fact-account", upn);
  document.getElementById("unverified").hidden = verified;
  document.getElementById("elsewhere").hidden = !elsewhere;
  const gets = [text("device.scope.openid"), ...scopes.map(gain), ...resources.map((name) => text("device.resource", { name }))];
  document.getElementById("gets").replaceChildren(...gets.filter(Boolean).map(item));
  mine.checked = false;
}

// gain says what a scope lets the application do. Who is signed in is said once, before everything else.
function gain(scope) {
  return scope === "openid" ? "" : text("device.scope." + scope) || text("device.other", { scope });
}

function item(words) {
  const line = document.createElement("li");
  line.textContent = words;
  return line;
}

async function decide(watch) {
  const allow = answer === "allow";
  if (allow && !mine.checked) throw new WrongField(mine, text("device.mine.missing"));
  try {
    await call("answerDevice", { state: request.state, allow }, watch);
  } catch (problem) {
    if (problem.code === "session_required") return look(watch); // which leads to the sign-in page
    if (problem.code !== "expired") throw problem;
    step.replace("code");
    throw new WrongField(code, text("device.code.over"));
  }
  request = undefined;
  step.replace(allow ? "allowed" : "denied");
}

// Only the buttons answer: the key that submits a form chooses its first button, which would be neither.
form.addEventListener("submit", ({ submitter }) => (answer = submitter?.value ?? ""), { capture: true });

handle(form, (watch) => {
  if (step.current === "code") return look(watch);
  if (answer) return decide(watch);
});

code.value = (query.get("user_code") ?? "").slice(0, 24);
code.focus();
start();
