// The meter below a field for a new password. What is weak is decided in the client core; this puts it into words.
import { call } from "./core.mjs";
import { WrongField } from "./form.mjs";
import { text } from "./page.mjs";

// meter judges the password while it is typed. inputs gives the words that must not be the password: name and address.
export function meter(input, inputs) {
  const bars = document.querySelector(".strength");
  const verdict = document.getElementById("strength");
  const advice = document.getElementById("advice");
  let timer;
  let asked = 0;

  async function judge() {
    const ask = ++asked;
    const found = await call("passwordStrength", { password: input.value, inputs: inputs() });
    if (ask === asked) show(found);
  }

  function show(found) {
    bars.dataset.score = found ? Math.max(found.acceptable ? 3 : 1, found.score) : "";
    verdict.textContent = found ? text("strength." + found.score) : text("password.rule");
    advice.textContent = found ? words(found) : "";
  }

  input.addEventListener("focus", () => call("loadDictionary").catch(() => {}), { once: true });
  input.addEventListener("input", () => {
    clearTimeout(timer);
    if (!input.value) return asked++, show(null);
    timer = setTimeout(() => judge().catch(() => {}), 150);
  });
}

// insist throws unless the password is good enough, with the reason and what helps.
export async function insist(input, inputs, watch) {
  if (!input.value) throw new WrongField(input, text("password.blank"));
  await call("loadDictionary", {}, watch);
  const found = await call("checkPassword", { password: input.value, inputs: inputs() }, watch);
  if (!found.acceptable) throw new WrongField(input, words(found) || text("password.rule"));
}

function words({ reason, suggestions = [] }) {
  return [reason && text("reason." + reason), ...suggestions.map((name) => text("suggestion." + name))].filter(Boolean).join(" ");
}
