// My settings: what is stored in the vault, opened in this page's worker. The service sees neither names nor values.
import { ago, day } from "./ago.mjs";
import { call, listen, Problem, start } from "./core.mjs";
import { ask } from "./dialog.mjs";
import { handle, WrongField } from "./form.mjs";
import { gate } from "./gate.mjs";
import { text } from "./page.mjs";
import { available, open as openByPasskey } from "./passkey.mjs";
import { explain } from "./problem.mjs";
import { keepers } from "./settings-applications.mjs";
import { list } from "./settings-list.mjs";
import { complain, tell } from "./trouble.mjs";

const get = (id) => document.getElementById(id);
const parts = ["status", "content", "add", "keepers", "all"].map(get);
const form = get("edit");
const { collection, name, value } = form.elements;
const attempt = (work) => () => work().catch(complain);
const kept = keepers({ tell, complain });
let stored; // the list
let look; // says what stands before the settings, or shows them
let soon; // the next look at how this device stands

// opened shows everything once this device can open the vault. Who came by a button that is gone now finds the focus at the list, before
// anything else is done: it must not leave a field that somebody types in.
async function opened(moved) {
  for (const part of parts) part.hidden = false;
  if (moved) get("list-heading").focus();
  await Promise.all([refresh(), standing(), earlier(), kept.refresh()]);
  if (location.hash === "#keepers") get("keepers").scrollIntoView();
  await call("watchSettings");
  await sync();
}

async function refresh() {
  stored.show(await call("settings"));
}

// standing says how this device stands with the others.
async function standing() {
  const { pending, paused, why, last, metered, problem } = await call("vaultStatus");
  const words = [
    problem ? explain(problem) : last ? text("settings.status.synced", { when: ago(last) }) : text("settings.status.never"),
    pending ? text("settings.status.pending", { count: pending }) : "",
  ];
  get("state").textContent = words.filter(Boolean).join(" ");
  get("paused").hidden = !paused;
  get("paused").textContent = paused ? text("settings.paused." + (why || "metered")) : "";
  get("empty").textContent = last ? text("settings.empty") : text("settings.unread");
  get("metered").checked = metered;
  clearTimeout(soon); // what waits is sent within a second
  if (pending && !paused) soon = setTimeout(attempt(standing), 1000);
}

// sync exchanges settings; how it went is part of the standing. Once goes over a metered connection too.
async function sync(once = false) {
  await call("syncSettings", { once }).catch((problem) => problem.code === "session_required" && complain(problem));
  await Promise.all([refresh(), standing()]);
}

async function save(watch) {
  if (!collection.value.trim()) throw new WrongField(collection, text("settings.collection.missing"));
  if (!name.value.trim()) throw new WrongField(name, text("settings.name.missing"));
  if (new TextEncoder().encode(value.value).length > 960 << 10) throw new WrongField(value, text("settings.value.long"));
  await call("setSetting", { collection: collection.value.trim(), name: name.value.trim(), value: value.value }, watch);
  tell(text("settings.saved", { name: name.value.trim() }));
  form.reset();
  await Promise.all([refresh(), standing()]);
}

function edit(setting) {
  collection.value = setting.collection;
  name.value = setting.name;
  value.value = setting.value;
  value.focus();
}

async function erase(setting) {
  const words = { heading: text("settings.delete.heading", setting), words: text("settings.delete.text"), agree: text("settings.delete") };
  if (!(await ask(words))) return;
  await call("deleteSetting", { collection: setting.collection, name: setting.name });
  tell(text("settings.deleted", setting));
  await Promise.all([refresh(), standing()]);
  get("list-heading").focus();
}

async function eraseAll() {
  const say = text("settings.delete.all.say");
  const agreed = await ask({
    heading: text("settings.delete.all.heading"), words: [text("settings.delete.all.text", { count: stored.count }), kept.count ? text("settings.delete.all.kept") : ""].join(" ").trim(),
    agree: text("settings.delete"), label: text("settings.delete.all.word", { word: say }), say,
  });
  if (!agreed) return;
  await call("deleteAllSettings");
  tell(text("settings.delete.all.done"));
  await Promise.all([refresh(), standing()]);
}

async function exportAll() {
  const { text: content } = await call("exportSettings");
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([content], { type: "application/json" }));
  link.download = `latchkey-settings-${new Date().toISOString().slice(0, 10)}.json`;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60000);
}

async function importAll([file]) {
  if (!file) return;
  get("file").value = "";
  const content = await file.text();
  const plan = await call("importSettings", { text: content, dry: true });
  const count = plan.new + plan.changed;
  const words = { heading: text("settings.import.heading", { count }), words: text("settings.import.text", { ...plan, fresh: plan.new }), agree: text("settings.import.yes") };
  if (!(await ask(words))) return;
  await call("importSettings", { text: content });
  tell(text("settings.imported", { count }));
  await Promise.all([refresh(), standing()]);
}

// earlier lists the vaults that were put aside.
async function earlier() {
  const kept = await call("keptVaults");
  get("earlier").hidden = kept.length === 0;
  get("kept").replaceChildren(...kept.map((vault) => {
    const item = get("kept-row").content.cloneNode(true);
    const name = text("settings.earlier.name", { when: ago(vault.since) });
    item.querySelector(".name").textContent = name;
    item.querySelector(".detail").textContent = text("settings.earlier.until", { count: vault.records, when: day(vault.until) });
    for (const [what, work] of Object.entries({ restore, passkey: restoreByPasskey, erase: eraseEarlier })) {
      const button = item.querySelector(`[data-do=${what}]`);
      button.setAttribute("aria-label", `${button.textContent}: ${name}`);
      button.addEventListener("click", attempt(() => work(vault)));
    }
    item.querySelector("[data-do=passkey]").hidden = vault.opens || !available();
    return item;
  }));
}

// restore asks for the recovery code, unless this device opens the vault by itself.
async function restore({ generation, opens }) {
  const words = { heading: text("settings.earlier.heading"), words: text("settings.earlier.text"), agree: text("settings.earlier.restore") };
  const work = async (typed) => {
    if (!opens && !typed.trim()) return text("settings.recovery.missing");
    try {
      await call("restoreVault", opens ? { generation } : { generation, recovery: typed });
    } catch (problem) {
      if (problem.code === "vault_locked" && !opens) return text("settings.earlier.wrong");
      if (problem.code === "recovery_code_typing") return explain(problem);
      throw problem;
    }
    return "";
  };
  const code = { words: `${words.words} ${text("settings.earlier.code")}`, label: text("settings.recovery"), prompt: true };
  if (await ask({ ...words, ...(opens ? {} : code), work })) await back();
}

async function restoreByPasskey({ generation }) {
  let prf;
  try {
    prf = await openByPasskey();
  } catch (problem) {
    if (problem.name === "NotAllowedError") return; // the person has closed the browser's window
    throw problem;
  }
  if (!prf) throw new Problem({ code: "passkey_opens_nothing" });
  await call("restoreVault", { generation, prf });
  await back();
}

// back shows what was brought back.
async function back() {
  tell(text("settings.earlier.restored"));
  get("kept").replaceChildren(); // what was put aside is another one now
  await look(true);
}

async function eraseEarlier({ generation }) {
  const words = { heading: text("settings.earlier.erase.heading"), words: text("settings.earlier.erase.text"), agree: text("settings.earlier.erase.yes") };
  if (!(await ask(words))) return;
  await call("eraseVault", { generation });
  tell(text("settings.earlier.erased"));
  await earlier();
  get("earlier-heading").focus();
}

async function load() {
  const [account, { devices }] = await Promise.all([call("account"), call("devices")]);
  stored = list({ devices, edit, erase, restored: (words) => (tell(words), Promise.all([refresh(), standing()])), complain });
  look = await gate({ account, opened, earlier, tell, complain });
  await look();
}

handle(form, save);
get("sync").addEventListener("click", attempt(() => sync(true)));
get("metered").addEventListener("change", attempt(async () => {
  await call("allowMetered", { allow: get("metered").checked });
  await standing();
}));
get("export").addEventListener("click", attempt(exportAll));
get("import").addEventListener("click", () => get("file").click());
get("file").addEventListener("change", ({ target }) => importAll(target.files).catch(complain));
get("delete-all").addEventListener("click", attempt(eraseAll));
// What another device has changed is shown at once; what the person is typing stays.
listen(({ changed = [] }) => attempt(async () => {
  await Promise.all([changed.length ? refresh() : undefined, standing()]);
  if (changed.includes("latchkey.applications")) setTimeout(attempt(kept.refresh), 1500); // what a device erases goes after its key
  if (changed.length) tell(text("settings.changed"), true); // the person may be at something else
})());
start();
load().catch(complain);
