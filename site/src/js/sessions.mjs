// The list of browsers that are signed in.
import { ago } from "./ago.mjs";
import { call } from "./core.mjs";
import { text } from "./page.mjs";

const list = document.getElementById("sessions");
const others = document.getElementById("end-others");
const status = document.getElementById("sessions-status");

let complain; // hears of errors

// sessions shows what call("sessions") found and lets the person end one or all others.
export function sessions(found, toComplain) {
  complain = toComplain;
  others.addEventListener("click", attempt(() => end({ others: true }, text("sessions.others.ended"))));
  show(found);
}

// show replaces the list.
export function show({ sessions: all }) {
  list.replaceChildren(...all.map(row));
  list.ariaBusy = "false";
  others.hidden = all.length < 2;
}

const attempt = (work) => () => work().catch(complain);

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
  show(await call("sessions"));
  status.textContent = words;
  document.getElementById("sessions-heading").focus();
}

function used(session) {
  return session.current ? text("sessions.now") : text("sessions.used", { when: ago(session.last_used) });
}
