// The error page: what happened, in words, and the way back.
import { flow, localised, query, text } from "./page.mjs";

const code = query.get("code") ?? "";
const explanation = text("error.code." + code);
if (explanation) document.getElementById("explanation").textContent = explanation;

const reference = [code, query.get("request") ?? ""].filter((part) => /^[\w-]{1,64}$/.test(part)).join(" · ");
const line = document.getElementById("reference");
line.hidden = !reference;
line.textContent = text("error.reference", { reference });

// With a flow of this browser the person can still go back to the application, which then hears that it is a no.
if (code === "not_assigned" && flow) {
  const same = `?flow=${encodeURIComponent(flow)}`;
  document.getElementById("application").href = "/oauth2/resume" + same;
  document.getElementById("other").href = localised("/signin") + same;
  document.getElementById("onward").hidden = false;
  document.getElementById("back").parentElement.hidden = true;
}

const back = document.getElementById("back");
back.hidden = history.length < 2;
back.addEventListener("click", () => history.back());
