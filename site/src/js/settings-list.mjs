// The list of settings, by group, with what was typed into the search field found in names and values.
import { ago } from "./ago.mjs";
import { call } from "./core.mjs";
import { text } from "./page.mjs";

const get = (id) => document.getElementById(id);
const page = 200; // rows that are made at once: thousands would freeze the page
const preview = 300; // characters of a value that are shown

// list returns {show, count}. The callbacks get the setting: edit and erase when their button was pressed, restored the words
// for what was done.
export function list({ devices, edit, erase, restored, complain }) {
  let all = [];
  let shown = page;
  const filter = get("filter");
  const attempt = (work) => () => Promise.resolve(work()).catch(complain);

  function render() {
    const wanted = filter.value.trim().toLowerCase();
    const found = wanted ? all.filter((s) => [s.collection, s.name, s.binary ? "" : s.value].some((t) => t.toLowerCase().includes(wanted))) : all;
    const open = new Map([...get("list").children].map((group) => [group.dataset.name, group.open]));
    get("list").replaceChildren(...groups(found.slice(0, shown)).map(([name, settings]) => group(name, settings, open.get(name) ?? true)));
    get("list").ariaBusy = "false";
    get("count").textContent = all.length === 0 ? "" : wanted ? text("settings.found", { count: found.length, all: all.length }) : text("settings.count", { count: all.length });
    get("empty").hidden = all.length > 0;
    get("rest").hidden = found.length <= shown;
  }

  function group(name, settings, open) {
    const part = get("collection").content.cloneNode(true);
    const details = part.querySelector("details");
    details.dataset.name = name;
    details.open = open;
    part.querySelector("summary").textContent = name;
    part.querySelector("ul").replaceChildren(...settings.map(row));
    return part;
  }

  function row(setting) {
    const item = get("setting").content.cloneNode(true);
    item.querySelector(".name").textContent = setting.name;
    item.querySelector(".value").textContent = said(setting);
    item.querySelector(".detail").textContent = written(setting);
    const press = (what, label, work) => {
      const button = item.querySelector(`[data-do=${what}]`);
      button.setAttribute("aria-label", label);
      button.addEventListener("click", attempt(work));
      return button;
    };
    press("edit", text("settings.edit.of", setting), () => edit(setting)).hidden = Boolean(setting.binary);
    press("history", text("settings.history.of", setting), () => past(setting));
    press("delete", text("settings.delete.of", setting), () => erase(setting));
    return item;
  }

  const known = new Map(devices.map(({ id, name, current }) => [id, current ? text("settings.here") : name || text("sessions.unknown")]));
  const written = ({ device, modified }) => text("settings.written", { device: known.get(device) ?? text("settings.gone"), when: ago(modified) });

  async function past(setting) {
    const versions = await call("settingHistory", { collection: setting.collection, name: setting.name });
    get("past-heading").textContent = text("settings.past.heading", setting);
    get("no-versions").hidden = versions.length > 0;
    get("versions").replaceChildren(...versions.map((version) => {
      const item = get("version").content.cloneNode(true);
      item.querySelector(".value").textContent = said(version);
      item.querySelector(".detail").textContent = written(version);
      const button = item.querySelector("button");
      button.addEventListener("click", attempt(async () => {
        await call("restoreSetting", { collection: setting.collection, name: setting.name, value: version.value, binary: version.binary });
        get("past").close();
        await restored(text("settings.past.restored", setting));
      }));
      return item;
    }));
    get("past").showModal();
  }

  filter.addEventListener("input", () => ((shown = page), render()));
  get("more").addEventListener("click", () => ((shown += page), render()));
  return {
    get count() {
      return all.length;
    },
    show(settings) {
      all = settings;
      get("collections").replaceChildren(...new Set(all.map((s) => s.collection)).values().map((name) => new Option(name, name)));
      render();
    },
  };
}

function groups(settings) {
  const byName = new Map();
  for (const setting of settings) {
    if (!byName.has(setting.collection)) byName.set(setting.collection, []);
    byName.get(setting.collection).push(setting);
  }
  return [...byName];
}

// said is a value as it is shown.
export function said({ binary, value }) {
  if (binary) return text("settings.binary", { size: Math.floor((value.replace(/=+$/, "").length * 3) / 4) });
  return value.length > preview ? value.slice(0, preview) + "…" : value;
}

