// A question that interrupts: the browser's own dialog, which keeps the focus inside and gives it back.
const box = document.getElementById("ask");
const field = document.getElementById("ask-field");
const word = document.getElementById("ask-word");
const yes = document.getElementById("ask-yes");

// ask shows heading and words and says whether the person agreed by the button that says so. With say, the person has to type that
// word first: for what cannot be undone. With prompt, the person enters a text, which
// begins as fill, and the answer is that text or "".
export function ask({ heading, words, agree, label = "", say = "", prompt = false, fill = "" }) {
  document.getElementById("ask-heading").textContent = heading;
  document.getElementById("ask-text").textContent = words;
  document.getElementById("ask-label").textContent = label;
  yes.textContent = agree;
  field.hidden = !say && !prompt;
  word.value = fill;
  box.returnValue = "";
  const check = () => (yes.disabled = Boolean(say) && word.value.trim() !== say);
  word.oninput = check;
  check();
  box.showModal();
  return new Promise((resolve) => box.addEventListener("close", () => resolve(prompt && box.returnValue ? word.value : box.returnValue === "yes"), { once: true }));
}
