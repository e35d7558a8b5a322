// What applications keep for the person, each in a vault of its own. It is listed without a look inside, and opened in this page's worker.
import { ago, day } from "./ago.mjs";
import { call } from "./core.mjs";
import { ask } from "./dialog.mjs";
import { language, text } from "./page.mjs";
import { said } from "./settings-list.mjs";

const get = (id) => document.getElementById(id);
const page = 200; // settings that are shown of one application: thousands would freeze the page

// keepers returns {refresh, count}. tell hears what was done, complain hears of errors.
export function keepers({ tell, complain }) {
  let count = 0;
  const attempt = (work) => () => work().catch(complain);

  async function refresh() {
    const all = await call("keepers");
    count = all.length;
    get("keeper-list").replaceChildren(...all.map(row));
    get("keeper-list").ariaBusy = "false";
    get("no-keepers").hidden = count > 0;
  }

  function row(keeper) {
    const item = get("keeper").content.cloneNode(true);
    const name = keeper.name || text("applications.gone");
    item.querySelector(".name").textContent = name;
    item.querySelector(".badge").hidden = keeper.verified || !keeper.name;
    item.querySelector(".detail").textContent = details(keeper).join(" · ");
    const press = (what, label, work, offered = true) => {
      const button = item.querySelector(`[data-do=${what}]`);
      button.setAttribute("aria-label", label);
      button.hidden = !offered;
      button.addEventListener("click", attempt(() => work(keeper.id, name)));
    };
    press("look", text("kept.look.of", { name }), look, keeper.opens);
    press("export", text("kept.export.of", { name }), exportOne, keeper.opens);
    press("erase", text("kept.erase.of", { name }), erase);
    return item;
  }

  async function look(id, name) {
    const settings = await call("keeperSettings", { id });
    get("inside-heading").textContent = text("kept.look.heading", { name });
    get("inside-none").hidden = settings.length > 0;
    get("inside-more").hidden = settings.length <= page;
    get("inside-list").replaceChildren(...settings.slice(0, page).map((setting) => {
      const item = get("inside-row").content.cloneNode(true);
      item.querySelector(".name").textContent = `${setting.collection} › ${setting.name}`;
      item.querySelector(".value").textContent = said(setting);
      item.querySelector(".detail").textContent = text("kept.changed.at", { when: ago(setting.modified) });
      return item;
    }));
    get("inside").showModal();
  }

  async function exportOne(id) {
    const { text: content } = await call("exportKeeper", { id });
    const link = document.createElement("a");
    link.href = URL.createObjectURL(new Blob([content], { type: "application/json" }));
    link.download = `latchkey-application-${new Date().toISOString().slice(0, 10)}.json`;
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 60000);
  }

  async function erase(id, name) {
    const words = { heading: text("kept.erase.heading", { name }), words: text("kept.erase.text"), agree: text("kept.erase.yes") };
    if (!(await ask(words))) return;
    try {
      await call("eraseKeeper", { id });
      tell(text("kept.erased", { name }));
    } finally {
      await refresh(); // when it was stopped on the way, what is left is shown as what nobody can read
    }
    get("keepers-heading").focus();
  }

  return {
    refresh,
    get count() {
      return count;
    },
  };
}

function details({ since, records, bytes, changed, opens }) {
  return [
    text("kept.since", { when: day(since) }),
    changed ? text("kept.size", { count: records, size: size(bytes) }) : "",
    changed ? text("kept.changed", { when: ago(changed) }) : text("kept.nothing"),
    opens ? "" : text("kept.locked"),
  ].filter(Boolean);
}

// size is a number of bytes as people read it.
function size(bytes) {
  const [unit, of] = bytes < 1000 ? ["byte", 1] : bytes < 1e6 ? ["kilobyte", 1000] : ["megabyte", 1e6];
  return new Intl.NumberFormat(language, { style: "unit", unit, unitDisplay: of === 1 ? "long" : "short", maximumFractionDigits: 1 }).format(bytes / of);
}
