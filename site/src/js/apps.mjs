// The applications that the person may open. They have no pictures of their own here: nothing is loaded from elsewhere.
import { call, start } from "./core.mjs";
import { language } from "./page.mjs";
import { complain } from "./trouble.mjs";

start();

const initial = (name) => [...name][0].toLocaleUpperCase(language);

async function load() {
  const [{ name, upn }, { apps }] = await Promise.all([call("account"), call("apps")]);
  document.getElementById("initial").textContent = initial(name || upn);
  const list = document.getElementById("apps");
  list.replaceChildren(...apps.map(tile));
  list.ariaBusy = "false";
  list.hidden = apps.length === 0;
  document.getElementById("none").hidden = apps.length > 0;
}

function tile({ name, host, url }) {
  const item = document.getElementById("app").content.cloneNode(true);
  item.querySelector("a").href = url;
  item.querySelector(".avatar").textContent = initial(name || host);
  item.querySelector("strong").textContent = name || host;
  item.querySelector("small").textContent = host;
  return item;
}

load().catch(complain);
