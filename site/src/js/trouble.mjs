// What pages of a signed-in person do when something goes wrong.
import "./fault.mjs";
import { Problem } from "./core.mjs";
import { localised } from "./page.mjs";
import { explain } from "./problem.mjs";

// complain shows what went wrong; who is not signed in goes to sign in.
export function complain(error) {
  if (error.code === "session_required") return location.replace(localised("/signin"));
  if (!(error instanceof Problem)) console.error(error);
  const trouble = document.getElementById("trouble");
  trouble.hidden = false;
  trouble.textContent = explain(error instanceof Problem ? error : { code: "module" });
}

// The tab of the page that is open.
for (const link of document.querySelectorAll(".tabs a")) if (link.pathname === location.pathname) link.ariaCurrent = "page";
