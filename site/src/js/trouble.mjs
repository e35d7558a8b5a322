// What pages of a signed-in person do when something goes wrong.
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
