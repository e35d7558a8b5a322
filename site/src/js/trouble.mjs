// What pages of a signed-in person do when something goes wrong.
import "./fault.mjs";
import { Problem } from "./core.mjs";
import { localised } from "./page.mjs";
import { explain } from "./problem.mjs";

// complain shows what went wrong; who is not signed in goes to sign in.
export function complain(error) {
  if (error.code === "session_required") return location.replace(localised("/signin"));
  if (!(error instanceof Problem)) console.error(error);
  show("trouble", explain(error instanceof Problem ? error : { code: "module" }));
}

// tell says what has been done. Unless it is quiet the page goes to where it stands.
export function tell(words, quiet = false) {
  show("news", words, quiet);
}

function show(id, words, quiet = false) {
  for (const other of document.querySelectorAll("#trouble, #news")) other.hidden = true;
  const notice = document.getElementById(id);
  notice.hidden = false;
  notice.textContent = words;
  if (!quiet) notice.scrollIntoView({ block: "nearest" });
}

// The tab of the page that is open.
for (const link of document.querySelectorAll(".tabs a")) if (link.pathname === location.pathname) link.ariaCurrent = "page";
