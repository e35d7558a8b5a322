// The list of browsers that are signed in.
import { ago } from "./ago.mjs";
import { call } from "./core.mjs";
import { text } from "./page.mjs";

const list = document.getElementById("sessions");
const others = document.getElementById("end-others");
const status = document.getElementById("sessions-status");

// sessions fills the list and lets the person end one or all others. complain hears of errors.
export async function sessions(complain) {
  const attempt = (work) => () => work().catch(complain);

  async function refresh() {
    const { sessions: found } = await call("sessions");
    list.replaceChildren(...found.map(row));
    list.ariaBusy = "false";
    others.hidden = found.length < 2;
  }

  function row(session) {
    const item = document.getElementById("session").content.cloneNode(true);
    const device = item.querySelector(".device");
    device.textContent = session.device || text("sessions.unknown");
    item.querySelector(".detail").textContent = [session.place, used(session)].filter(Boolean).join(" · ");
    item.querySelector(".badge").hidden = !session.current;
    const button = item.querySelector("button");
    button.setAttribute("aria-label", text("sessions.end.of", { device: device.textContent }));
    if (session.current) button.remove();
    else button.addEventListener("click", attempt(() => end({ id: session.id }, text("sessions.ended"))));
    return item;
  }

  async function end(which, words) {
    await call("endSession", which);
    await refresh();
    status.textContent = words;
    document.getElementById("sessions-heading").focus();
  }

  others.addEventListener("click", attempt(() => end({ others: true }, text("sessions.others.ended"))));
  await refresh();
}

function used(session) {
  return session.current ? text("sessions.now") : text("sessions.used", { when: ago(session.last_used) });
}
