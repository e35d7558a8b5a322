// Forms: errors beside their fields, one notice a step, progress, and one submission at a time.
import { Problem } from "./core.mjs";
import { text } from "./page.mjs";
import { countdown, explain } from "./problem.mjs";

const stops = new WeakMap(); // notice → stops its countdown

// A field that is being put right is no longer marked.
addEventListener("input", ({ target }) => target.ariaInvalid && right(target));

// handle runs work when the form is submitted. work gets a watch function for core calls; what it throws is shown. While it
// runs, or when it has returned "leaving" because the page is about to be left, nothing else is submitted.
export function handle(form, work) {
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    if (form.ariaBusy === "true" || form.dataset.wait) return;
    clear(form);
    busy(form, text("form.sending"));
    let leaving = false;
    try {
      leaving = (await work((stage, fraction) => progress(form, stage, fraction))) === "leaving";
    } catch (error) {
      show(form, error);
    }
    if (!leaving) busy(form, "");
  });
  addEventListener("pageshow", ({ persisted }) => persisted && busy(form, ""));
}

// WrongField is thrown by work for input that cannot be right.
export class WrongField extends Error {
  constructor(input, message) {
    super(message);
    this.input = input;
  }
}

function show(form, error) {
  if (error instanceof WrongField) return wrong(error.input, error.message);
  if (!(error instanceof Problem)) console.error(error);
  const problem = error instanceof Problem ? error : { code: "module" };
  notice(form, problem);
}

// wrong marks a field and says why.
export function wrong(input, message) {
  input.setAttribute("aria-invalid", "true");
  document.getElementById(`${input.id}-error`).textContent = message;
  input.focus();
  input.select();
}

function right(input) {
  input.removeAttribute("aria-invalid");
  document.getElementById(`${input.id}-error`).textContent = "";
}

// clear takes away all errors of a form.
export function clear(form) {
  for (const input of form.querySelectorAll("[aria-invalid]")) right(input);
  for (const message of form.querySelectorAll(".notice")) {
    stops.get(message)?.();
    message.hidden = true;
  }
}

// notice shows a problem in the visible step. When it says how long to wait, the words count down: the live region speaks
// at the start and at the end only.
export function notice(form, problem) {
  const step = form.querySelector("[data-step]:not([hidden])") ?? form;
  const box = step.querySelector(".notice");
  box.hidden = false;
  box.textContent = explain(problem);
  if (!problem.retry_after) return;
  form.dataset.wait = "yes";
  const free = () => delete form.dataset.wait;
  const stop = countdown(
    problem.retry_after,
    (left) => {
      box.ariaLive = left === problem.retry_after ? "assertive" : "off";
      box.textContent = explain({ ...problem, retry_after: left });
    },
    () => {
      box.ariaLive = "assertive";
      box.textContent = text("form.again");
      free();
    },
  );
  stops.set(box, () => (stop(), free()));
}

// busy shows that the form is at work and with what; "" ends it.
export function busy(form, words) {
  form.ariaBusy = String(Boolean(words));
  const [bar, line] = form.querySelector(".progress").children;
  bar.parentNode.hidden = !words;
  bar.removeAttribute("value");
  line.textContent = words;
  for (const button of form.querySelectorAll("button.primary")) button.ariaDisabled = String(Boolean(words));
}

function progress(form, stage, fraction) {
  const [bar, line] = form.querySelector(".progress").children;
  const words = text("form." + stage);
  if (line.textContent !== words) line.textContent = words;
  if (fraction < 1) bar.value = fraction; // a bar without a value only says that something is going on
  else bar.removeAttribute("value");
}

// reveal lets the buttons beside password fields show what was typed.
export function reveal() {
  for (const button of document.querySelectorAll("[data-reveal]")) {
    const input = document.getElementById(button.dataset.reveal);
    const set = (shown) => {
      input.type = shown ? "text" : "password";
      button.ariaPressed = String(shown);
      button.textContent = shown ? text("reveal.hide") : text("reveal.show");
    };
    button.addEventListener("click", () => set(input.type === "password"));
    input.form.addEventListener("submit", () => set(false)); // browsers remember what stands in a text field
  }
}
