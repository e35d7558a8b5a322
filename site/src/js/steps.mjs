// Steps of one page: one section is visible at a time, the title says which, and the back button goes back.

// steps manages the [data-step] sections below root. back hears which step the back or forward button asks for and returns
// the one to show instead.
export function steps(root, back = (name) => name) {
  const sections = new Map([...root.querySelectorAll("[data-step]")].map((section) => [section.dataset.step, section]));
  const suffix = document.title.slice(document.title.lastIndexOf(" · "));
  let current = [...sections].find(([, section]) => !section.hidden)[0];

  function show(name) {
    current = name;
    for (const [key, section] of sections) section.hidden = key !== name;
    const section = sections.get(name);
    document.title = section.dataset.title + suffix;
    const first = section.querySelector("input:not([type=radio], [type=checkbox], .unseen, [readonly])");
    (first ?? section.querySelector("h1")).focus();
  }

  history.replaceState({ step: current }, "");
  addEventListener("popstate", ({ state }) => {
    if (sections.has(state?.step)) show(back(state.step));
  });

  return {
    get current() {
      return current;
    },
    // go shows a step as a new place in the history; replace does so without one.
    go(name) {
      history.pushState({ step: name }, "");
      show(name);
    },
    replace(name) {
      history.replaceState({ step: name }, "");
      show(name);
    },
  };
}
