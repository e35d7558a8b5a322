// The list of applications that may do something for the person.
import { ago, day } from "./ago.mjs";
import { call } from "./core.mjs";
import { text } from "./page.mjs";

const list = document.getElementById("applications");
const none = document.getElementById("no-applications");
const status = document.getElementById("applications-status");

// applications shows what call("applications") found and lets the person take access away. complain hears of errors.
export function applications(found, complain) {
  function show({ applications: all }) {
    list.replaceChildren(...all.map(row));
    list.ariaBusy = "false";
    none.hidden = all.length > 0;
  }

  function row(application) {
    const name = application.name || text("applications.gone");
    const item = document.getElementById("application").content.cloneNode(true);
    item.querySelector(".name").textContent = name;
    item.querySelector(".badge").hidden = application.verified || !application.name;
    item.querySelector(".detail").textContent = details(application).join(" · ");
    item.querySelector(".may").replaceChildren(...allowed(application).map(line));
    const keeps = application.scopes.includes("latchkey:settings");
    item.querySelector(".kept").hidden = !keeps;
    const button = item.querySelector("button");
    button.setAttribute("aria-label", text("applications.remove.of", { name }));
    button.addEventListener("click", () => remove(application.id, name, keeps).catch(complain));
    return item;
  }

  async function remove(id, name, keeps) {
    await call("removeApplication", { id });
    show(await call("applications"));
    status.textContent = text("applications.removed", { name });
    document.getElementById("applications-kept").hidden = !keeps;
    document.getElementById("applications-heading").focus();
  }

  show(found);
}

function details({ host, agreed, since, last_used: used }) {
  return [
    host,
    text("applications.since", { when: day(since) }),
    text("applications.used", { when: ago(used) }),
    agreed ? "" : text("applications.operator"),
  ].filter(Boolean);
}

// allowed says what an application may know and do.
function allowed({ scopes, resources }) {
  return [
    ...scopes.map((scope) => text("device.scope." + scope)),
    ...resources.flatMap(({ name, scopes: words }) => [
      text("device.resource", { name }),
      ...(words ?? []).map((scope) => text("device.other", { scope })),
    ]),
  ].filter(Boolean);
}

function line(words) {
  const item = document.createElement("li");
  item.textContent = words;
  return item;
}
