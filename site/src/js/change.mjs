// Changing the password: the old one proves who asks, the new one replaces it, every other session ends.
import { call } from "./core.mjs";
import { clear, handle, reveal, WrongField } from "./form.mjs";
import { text } from "./page.mjs";
import { show } from "./sessions.mjs";
import { judged, meter } from "./strength.mjs";

// changePassword brings the form to life. complain hears of errors that are not about the form.
export function changePassword(account, complain) {
  const form = document.getElementById("change");
  const opener = document.getElementById("open-change");
  const done = document.getElementById("changed");
  const old = form.elements["old-password"];
  const fresh = form.elements["new-password"];

  function open(shown) {
    form.hidden = !shown;
    opener.hidden = shown;
    opener.ariaExpanded = String(shown);
    if (shown) done.hidden = true;
    clear(form);
    form.reset();
    fresh.dispatchEvent(new Event("input"));
    form.elements.username.value = account.upn;
    (shown ? old : opener).focus();
  }

  handle(form, async (watch) => {
    if (!old.value) throw new WrongField(old, text("signin.password.missing"));
    try {
      await judged(fresh, watch, () => call("changePassword", { old: old.value, new: fresh.value }, watch));
    } catch (problem) {
      if (problem.code === "session_required") return complain(problem);
      if (problem.code !== "invalid_credentials") throw problem;
      throw new WrongField(old, text("signin.password.wrong"));
    }
    open(false);
    done.textContent = text("password.changed");
    done.hidden = false;
    show(await call("sessions"));
  });

  opener.addEventListener("click", () => open(true));
  document.getElementById("cancel-change").addEventListener("click", () => open(false));
  meter(fresh, () => [account.upn, account.email, account.name]);
  reveal();
  if (location.hash === "#change") open(true); // where password managers lead
}
