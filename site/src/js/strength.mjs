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
    await call("loadDictionary"); // without its words the core would praise the commonest ones
    const found = await call("passwordStrength", { password: input.value, inputs: inputs() });
    if (ask === asked) show(found);
  }

  function show(found) {
    bars.dataset.score = found ? found.score : "";
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

// judged runs work, which sends a new password, once the client core has the words to judge it by. What it refuses is told
// beside the field, with the reason and what helps.
export async function judged(input, watch, work) {
  if (!input.value) throw new WrongField(input, text("password.blank"));
  await call("loadDictionary", {}, watch);
  try {
    return await work();
  } catch (problem) {
    if (problem.code !== "password_refused") throw problem;
    throw new WrongField(input, words(problem.verdict) || text("password.rule"));
  }
}

function words({ reason, suggestions = [] }) {
  return [reason && text("reason." + reason), ...suggestions.map((name) => text("suggestion." + name))].filter(Boolean).join(" ");
}
