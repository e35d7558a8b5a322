// Security: the devices of the person, what proves that somebody is the person, and changes that wait.
import { ago, day } from "./ago.mjs";
import { adding } from "./adding.mjs";
import { call, start } from "./core.mjs";
import { ask } from "./dialog.mjs";
import { language, text } from "./page.mjs";
import { available } from "./passkey.mjs";
import { complain, tell } from "./trouble.mjs";

const get = (id) => document.getElementById(id);
const attempt = (work) => () => Promise.resolve(work()).catch(complain);

function row(template, name, detail) {
  const item = get(template).content.cloneNode(true);
  item.querySelector(".name").textContent = name;
  item.querySelector(".detail").textContent = detail.filter(Boolean).join(" · ");
  return item;
}

function fill(list, rows) {
  get(list).replaceChildren(...rows);
  get(list).ariaBusy = "false";
}

async function showDevices() {
  const { devices } = await call("devices");
  fill("devices", devices.map(deviceRow));
  get("confirm-this").hidden = !devices.some(({ current, trusted }) => current && !trusted);
}

function deviceRow(device) {
  const name = device.name || text("sessions.unknown");
  const item = row("device", name, [
    device.kind === "cli" ? text("devices.cli") : "",
    device.place,
    device.trusted ? text("devices.since", { when: day(device.trusted) }) : text("devices.untrusted"),
    text("sessions.used", { when: ago(device.last_used) }),
  ]);
  item.querySelector("[data-is=current]").hidden = !device.current;
  item.querySelector("[data-is=trusted]").hidden = !device.trusted;
  const press = (what, label, work) => {
    const button = item.querySelector(`[data-do=${what}]`);
    button.setAttribute("aria-label", label);
    button.addEventListener("click", attempt(work));
  };
  press("rename", text("devices.rename.of", { name }), () => rename(device, name));
  press("revoke", text("devices.revoke.of", { name }), () => revoke(device, name));
  return item;
}

async function rename(device, name) {
  const wanted = await ask({ heading: text("devices.rename.of", { name }), words: "", agree: text("settings.save"), label: text("settings.name"), prompt: true, fill: name });
  if (!wanted?.trim()) return;
  await call("renameDevice", { id: device.id, name: wanted.trim() });
  await showDevices();
}

async function revoke(device, name) {
  const words = device.current ? text("devices.revoke.current") : text("devices.revoke.text");
  if (!(await ask({ heading: text("devices.revoke.heading", { name }), words, agree: text("devices.revoke") }))) return;
  await call("revokeDevice", { id: device.id });
  tell(text("devices.revoked", { name }));
  await showDevices();
  get("devices-heading").focus();
}

const things = ["email", "phone", "passkey"]; // what has a name or a value of its own

async function showFactors() {
  const [{ factors, waiting, phones }, { devices }] = await Promise.all([call("security"), call("devices")]);
  document.querySelector("[data-add=phone]").hidden = !phones;
  get("few").hidden = factors.length > 1 && factors.some(({ kind }) => kind === "recovery");
  fill("factors", factors.map((factor) => {
    const kind = text("factors.kind." + factor.kind);
    const item = row("factor", things.includes(factor.kind) ? factor.name || factor.value : kind, [
      things.includes(factor.kind) ? kind : "",
      text("applications.since", { when: day(factor.created) }),
      factor.used ? text("sessions.used", { when: ago(factor.used) }) : "",
      factor.prf ? text("factors.opens") : "",
    ]);
    const button = item.querySelector("button");
    button.setAttribute("aria-label", `${text("factors.remove")}: ${factor.name || factor.value || kind}`);
    button.addEventListener("click", attempt(() => remove(factor, factor.name || factor.value || kind, factors.length === 1)));
    return item;
  }));
  get("waiting-card").hidden = waiting.length === 0;
  const named = new Map([...factors.map((f) => [f.id, f.name || f.value || text("factors.kind." + f.kind)]), ...devices.map((d) => [d.id, d.name])]);
  get("waiting").replaceChildren(...waiting.map((change) => {
    const item = row("waiting-row", text("security.waiting." + change.what, { name: named.get(change.subject) || text("sessions.unknown") }), [text("security.due", { when: day(change.due) })]);
    item.querySelector("button").addEventListener("click", attempt(async () => {
      await call("undoFactor", { id: change.id });
      tell(text("security.undone"));
      await showFactors();
    }));
    return item;
  }));
}

async function remove(factor, name, last) {
  const words = last ? text("factors.remove.last") : text("factors.remove.text");
  if (!(await ask({ heading: text("factors.remove.heading", { name }), words, agree: text("factors.remove") }))) return;
  const gone = await form.recent(() => call("removeFactor", { id: factor.id, language }));
  if (!gone) return;
  tell(gone.waiting ? text("factors.removing", { name }) : text("factors.removed", { name }));
  await showFactors();
  get("factors-heading").focus();
}

let form;

async function load() {
  const [account] = await Promise.all([call("account"), showDevices(), showFactors()]);
  form = adding({ account, added: async (words) => (tell(words), await showFactors()), complain });
  get("add-passkey").hidden = !available();
  for (const button of document.querySelectorAll("[data-add]")) {
    button.addEventListener("click", attempt(() => form.add(button.dataset.add)));
  }
}

start();
load().catch(complain);
