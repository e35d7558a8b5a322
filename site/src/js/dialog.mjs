// A question that interrupts: the browser's own dialog, which keeps the focus inside and gives it back.
const box = document.getElementById("ask");
const form = box.querySelector("form");
const field = document.getElementById("ask-field");
const word = document.getElementById("ask-word");
const wrong = document.getElementById("ask-word-error");
const yes = document.getElementById("ask-yes");

// ask shows heading and words and says whether the person agreed by the button that says so. With say, the person has to type that
// word first: for what cannot be undone. With prompt, the person enters a text, which
// begins as fill, and the answer is that text or "". With work, the dialog stays until work, which gets the text, has ended: with "" when
// that was it, with words when the text was not right. What it throws, ask throws.
export function ask({ heading, words, agree, label = "", say = "", prompt = false, fill = "", work }) {
  document.getElementById("ask-heading").textContent = heading;
  document.getElementById("ask-text").textContent = words;
  document.getElementById("ask-text").hidden = !words;
  document.getElementById("ask-label").textContent = label;
  yes.textContent = agree;
  field.hidden = !say && !prompt;
  word.value = fill;
  box.returnValue = "";
  const mark = (error) => {
    wrong.textContent = error;
    if (error) word.setAttribute("aria-invalid", "true");
    else word.removeAttribute("aria-invalid");
  };
  const check = () => {
    yes.disabled = Boolean(say) && word.value.trim() !== say;
    mark("");
  };
  word.oninput = check;
  check();
  return new Promise((resolve, reject) => {
    const busy = (so) => (box.ariaBusy = yes.ariaDisabled = String(so));
    busy(false);
    form.onsubmit = async (event) => {
      if (box.ariaBusy === "true") return event.preventDefault();
      if (!work || event.submitter !== yes) return;
      event.preventDefault();
      busy(true);
      try {
        const error = await work(word.value);
        busy(false);
        if (!error) return box.close("yes");
        mark(error);
        word.focus();
        word.select();
      } catch (error) {
        reject(error);
        box.close();
      }
    };
    box.oncancel = (event) => box.ariaBusy === "true" && event.preventDefault();
    box.onclose = () => resolve(prompt && box.returnValue ? word.value : box.returnValue === "yes");
    box.showModal();
  });
}
