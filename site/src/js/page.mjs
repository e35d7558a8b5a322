// What every page does: its texts, its language, and links that keep the query they were opened with.

export const language = document.documentElement.lang;
export const query = new URLSearchParams(location.search);
export const flow = query.get("flow") ?? "";

const texts = JSON.parse(document.getElementById("texts")?.content.textContent || "{}");

// text is the text of a key with its {slots} filled, "" when there is none. The build puts into a page what its modules
// ask for by a literal: a whole key brings one text, the first part of one (with its dot) all that start so.
export function text(key, values = {}) {
  return (texts[key] ?? "").replace(/\{([a-z]+)\}/g, (slot, name) => values[name] ?? slot);
}

// localised is the path of a page in this page's language.
export function localised(path) {
  return language === "en" ? path : `/${language}${path}`;
}

for (const link of document.querySelectorAll("a[data-query]")) link.search = location.search;

for (const link of document.querySelectorAll("a[data-language]")) {
  link.addEventListener("click", () => remember(link.dataset.language));
}

function remember(chosen) {
  try {
    localStorage.setItem("language", chosen);
  } catch {} // storage may be switched off; then the choice lasts for this page
}

function remembered() {
  try {
    return localStorage.getItem("language");
  } catch {
    return null;
  }
}

// Who opens an English page by its bare address gets it in the language chosen before, or else in the browser's. With a
// flow the server has chosen already.
function redirect() {
  if (language !== "en" || flow) return;
  const links = [...document.querySelectorAll("a[data-language]")];
  const offered = ["en", ...links.map((link) => link.dataset.language)];
  const wished = remembered() ?? navigator.languages.map((tag) => tag.split("-")[0]).find((tag) => offered.includes(tag));
  const link = links.find((candidate) => candidate.dataset.language === wished);
  if (link) location.replace(link.pathname + location.search + location.hash);
}

redirect();
