// What stands before the settings: a device that has to be confirmed, or a vault that has to be opened.
import { call, Problem } from "./core.mjs";
import { ask } from "./dialog.mjs";
import { handle, reveal, WrongField } from "./form.mjs";
import { available, open as openByPasskey } from "./passkey.mjs";
import { text } from "./page.mjs";
import { explain } from "./problem.mjs";

const get = (id) => document.getElementById(id);
const form = get("unlock");
const { password, recovery, username } = form.elements;

// gate returns a function that calls opened when this device can open the vault, with whether the focus has to move there. Until then it says
// what is missing and helps with it, and calls earlier where those that were put aside could help too.
export function gate({ account, opened, earlier, tell, complain }) {
  let byCode = false;
  let state;

  async function look(moved = false) {
    const found = await call("trust");
    state = found.state;
    get("gate").hidden = state === "open";
    if (state === "open") return opened(moved);
    get("gate-heading").textContent = text("settings.gate." + state + ".heading");
    get("gate-lead").textContent = text("settings.gate." + state + ".lead");
    get("gate-trust").hidden = state !== "untrusted";
    const shut = state === "locked" || state === "replaced";
    get("gate-forgotten").hidden = !shut;
    if (state === "broken") get("gate-lead").textContent = explain(found.problem);
    const lost = state === "broken" && found.problem.code === "vault_dropped"; // then beginning anew is all that is left, should it stay so
    form.hidden = state === "untrusted" || (state === "broken" && !lost);
    get("open").hidden = lost;
    get("repair").hidden = state !== "broken";
    get("other-way").hidden = !shut;
    get("anew").hidden = !shut && !lost;
    get("by-passkey").hidden = get("other-way").hidden || !available();
    username.value = account.upn;
    if (shut) await earlier();
  }

  function choose(code) {
    byCode = code;
    get("by-recovery").hidden = !code;
    get("by-password").hidden = code;
    get("other-way").textContent = code ? text("settings.unlock.password") : text("settings.unlock.recovery");
    (code ? recovery : password).focus();
  }

  async function unlock(watch) {
    const input = byCode ? recovery : password;
    if (!input.value.trim()) throw new WrongField(input, byCode ? text("settings.recovery.missing") : text("signin.password.missing"));
    try {
      await call("unlock", byCode ? { recovery: recovery.value } : { password: password.value }, watch);
    } catch (problem) {
      if (problem.code === "invalid_credentials") throw new WrongField(input, text("signin.password.wrong"));
      if (problem.code === "recovery_code_typing") throw new WrongField(input, explain(problem));
      if (problem.code === "vault_locked") throw new WrongField(input, byCode ? text("settings.unlock.code") : text("settings.unlock.wrong"));
      throw problem;
    }
    await enter();
  }

  async function withPasskey() {
    const prf = await openByPasskey();
    if (!prf) throw new Problem({ code: "passkey_opens_nothing" });
    await call("unlock", { prf });
    await enter();
  }

  // Only when nothing else is left, and the person has read what it means.
  async function anew() {
    if (byCode) choose(false);
    if (!password.value) throw new WrongField(password, text("settings.anew.password"));
    const words = { heading: text("settings.anew.heading"), words: text("settings.anew.text"), agree: text("settings.anew.yes") };
    if (!(await ask(words))) return;
    try {
      await call("resetVault", { password: password.value });
    } catch (problem) {
      if (problem.code === "invalid_credentials") throw new WrongField(password, text("signin.password.wrong"));
      throw problem;
    }
    tell(text("settings.anew.done"));
    await enter();
  }

  // enter goes on once the vault is open.
  async function enter() {
    form.reset();
    get("trouble").hidden = true;
    await look(true);
  }

  async function repair() {
    const words = { heading: text("settings.repair.heading"), words: text("settings.repair.text"), agree: text("settings.repair") };
    if (!(await ask(words))) return;
    await call("repairVault");
    await enter();
  }

  let starting = false;
  handle(form, (watch) => {
    if (!starting) return unlock(watch);
    starting = false;
    return anew();
  });
  get("open-anew").addEventListener("click", () => {
    starting = form.ariaBusy !== "true" && !form.dataset.wait; // else nothing is submitted
    form.requestSubmit();
  });
  get("other-way").addEventListener("click", () => choose(!byCode));
  get("by-passkey").addEventListener("click", () => withPasskey().catch((problem) => problem.name !== "NotAllowedError" && complain(problem)));
  get("repair").addEventListener("click", () => repair().catch(complain));
  reveal();
  return look;
}
