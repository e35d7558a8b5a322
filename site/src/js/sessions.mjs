// The list of browsers that are signed in.
import { call } from "./core.mjs";
import { language, text } from "./page.mjs";

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
  if (session.current) return text("sessions.now");
  const minutes = Math.round((session.last_used * 1000 - Date.now()) / 60000);
  const format = new Intl.RelativeTimeFormat(language, { numeric: "auto" });
  if (minutes > -60) return text("sessions.used", { when: format.format(Math.min(minutes, 0), "minute") });
  if (minutes > -1440) return text("sessions.used", { when: format.format(Math.round(minutes / 60), "hour") });
  return text("sessions.used", { when: format.format(Math.round(minutes / 1440), "day") });
}
