// My settings: what is stored in the vault, opened in this page's worker. The service sees neither names nor values.
import { ago, day } from "./ago.mjs";
import { call, listen, start } from "./core.mjs";
import { ask } from "./dialog.mjs";
import { handle, WrongField } from "./form.mjs";
import { gate } from "./gate.mjs";
import { text } from "./page.mjs";
import { explain } from "./problem.mjs";
import { list } from "./settings-list.mjs";
import { complain } from "./trouble.mjs";

const get = (id) => document.getElementById(id);
const parts = ["status", "content", "add", "all"].map(get);
const form = get("edit");
const { collection, name, value } = form.elements;
const attempt = (work) => () => work().catch(complain);
let stored; // the list
let soon; // the next look at how this device stands

function tell(words) {
  get("trouble").hidden = true;
  get("news").hidden = false;
  get("news").textContent = words;
}

// opened shows everything once this device can open the vault.
async function opened() {
  for (const part of parts) part.hidden = false;
  await Promise.all([refresh(), standing(), earlier()]);
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
    heading: text("settings.delete.all.heading"), words: text("settings.delete.all.text", { count: stored.count }),
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
  try {
    const content = await file.text();
    const plan = await call("importSettings", { text: content, dry: true });
    const count = plan.new + plan.changed;
    const words = { heading: text("settings.import.heading", { count }), words: text("settings.import.text", { ...plan, fresh: plan.new }), agree: text("settings.import.yes") };
    if (!(await ask(words))) return;
    await call("importSettings", { text: content });
    tell(text("settings.imported", { count }));
  } catch (problem) {
    if (problem.code !== "import_malformed") throw problem;
    get("news").hidden = true;
    get("trouble").hidden = false;
    get("trouble").textContent = text("settings.import.wrong");
  }
  await Promise.all([refresh(), standing()]);
}

// earlier lists the vaults that were put aside.
async function earlier() {
  const kept = await call("keptVaults");
  get("earlier").hidden = kept.length === 0;
  get("kept").replaceChildren(...kept.map((vault) => {
    const item = get("kept-row").content.cloneNode(true);
    item.querySelector(".name").textContent = text("settings.earlier.name", { count: vault.records, when: ago(vault.since) });
    item.querySelector(".detail").textContent = text("settings.earlier.until", { when: day(vault.until) });
    item.querySelector("button").addEventListener("click", attempt(() => restore(vault)));
    return item;
  }));
}

async function restore({ generation, opens }) {
  const words = { heading: text("settings.earlier.heading"), words: text("settings.earlier.text"), agree: text("settings.earlier.restore") };
  const code = await ask(opens ? words : { ...words, label: text("settings.recovery"), prompt: true });
  if (!code) return;
  await call("restoreVault", opens ? { generation } : { generation, recovery: code.trim() });
  location.reload();
}

async function load() {
  const [account, { devices }] = await Promise.all([call("account"), call("devices")]);
  stored = list({ devices, edit, erase, restored: (words) => (tell(words), Promise.all([refresh(), standing()])), complain });
  await gate({ account, opened, tell, complain });
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
  if (changed.length) tell(text("settings.changed"));
})());
start();
load().catch(complain);
