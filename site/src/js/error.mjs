// The error page: what happened, in words, and the way back.
import { query, text } from "./page.mjs";

const code = query.get("code") ?? "";
const explanation = text("error.code." + code);
if (explanation) document.getElementById("explanation").textContent = explanation;

const reference = [code, query.get("request") ?? ""].filter((part) => /^[\w-]{1,64}$/.test(part)).join(" · ");
const line = document.getElementById("reference");
line.hidden = !reference;
line.textContent = text("error.reference", { reference });

const back = document.getElementById("back");
back.hidden = history.length < 2;
back.addEventListener("click", () => history.back());
