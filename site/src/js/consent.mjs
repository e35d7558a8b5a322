// Consent: who asks for what, as whom the person is signed in, and the person's answer. When an application only wants the account
// to be chosen, that is all the page asks.
import "./fault.mjs";
import { call, start } from "./core.mjs";
import { handle, notice } from "./form.mjs";
import { leave } from "./leave.mjs";
import { flow, localised, text } from "./page.mjs";
import { steps } from "./steps.mjs";

const form = document.getElementById("consent");
const put = (id, words) => (document.getElementById(id).textContent = words);
let asked; // what the service said
let answer = ""; // the button that was pressed last

const step = steps(form, (name) => (name !== "wait" && !asked ? "wait" : name));

async function look() {
  asked = await call("consent", { flow });
  const { choose, application, upn, name } = asked;
  put("chooses", text("consent.choose.lead", { application }));
  put("person", name ? `${name} (${upn})` : upn);
  put("asks", text("consent.lead", { application }));
  put("fact-application", application);
  put("fact-host", asked.host || text("consent.here"));
  put("fact-account", upn);
  document.getElementById("unverified").hidden = asked.verified;
  document.getElementById("gets").replaceChildren(...gains(asked).map(item));
  document.getElementById("terms").hidden = ![link("policy", asked.policy_uri), link("tos", asked.tos_uri)].some(Boolean);
  step.replace(choose ? "choose" : "ask");
}

// gains says what the application may know and do.
function gains({ scopes, resources }) {
  return [
    ...scopes.map((scope) => text("device.scope." + scope)),
    ...resources.flatMap(({ name, scopes: words }) => [
      text("device.resource", { name }),
      ...words.map((scope) => text("device.other", { scope })),
    ]),
  ].filter(Boolean);
}

function item(words) {
  const line = document.createElement("li");
  line.textContent = words;
  return line;
}

// link shows the application's own page about itself, if it has one.
function link(id, target) {
  const place = document.getElementById(id);
  place.hidden = !target;
  if (target) place.href = target;
  return target;
}

async function decide(watch) {
  const { redirect } = await call("decideConsent", { flow, seen: asked.seen, allow: answer === "allow" }, watch);
  return leave(redirect);
}

// What has to be done before an application can have a place in the person's settings. It is done in a tab of its own; then the same
// button works.
const first = new Set(["device_untrusted", "vault_locked", "vault_missing", "vault_replaced"]);

// A session that has ended meanwhile is begun again, and the request goes on from there.
function failed(problem) {
  if (problem.code === "session_required") return leave(other);
  document.getElementById("first").hidden = !first.has(problem.code);
  throw problem;
}

// Only the buttons answer: the key that submits a form chooses its first button, whichever that is.
form.addEventListener("submit", ({ submitter }) => (answer = submitter?.value ?? ""), { capture: true });
handle(form, (watch) => answer && decide(watch).catch(failed));

const other = `${localised("/signin")}?flow=${encodeURIComponent(flow)}`;
for (const place of document.querySelectorAll("a.other")) place.href = other;
start();
look().catch(failed).catch((problem) => notice(form, problem.code ? problem : { code: "module" }));
