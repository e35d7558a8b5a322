// Sign-out: asks when no application vouches for the wish, ends the session, tells the applications, goes on.
import { call, start } from "./core.mjs";
import { handle } from "./form.mjs";
import { destination, leave } from "./leave.mjs";
import { flow, query, text } from "./page.mjs";
import { steps } from "./steps.mjs";

const patience = 3000; // milliseconds for all frames together
const form = document.getElementById("signout");
const step = steps(form);

// tell loads an application's sign-out page in a hidden frame, where it removes its own cookie.
function tell(target) {
  const url = new URL(target);
  if (url.protocol !== "https:") return Promise.resolve();
  const frame = document.createElement("iframe");
  frame.sandbox = "allow-scripts allow-same-origin";
  frame.referrerPolicy = "no-referrer";
  frame.title = url.hostname;
  frame.src = url;
  return new Promise((told) => {
    frame.addEventListener("load", told);
    document.getElementById("frames").append(frame);
  });
}

let vouched = flow; // what speaks for this sign-out; a click on the page does as well, so a flow that is over is no obstacle

async function signout(watch) {
  const { front_channel: pages, redirect } = await call("signout", { flow: vouched }, watch);
  step.replace("leaving");
  const told = Promise.all((pages ?? []).map(tell));
  await Promise.race([told, new Promise((late) => setTimeout(late, patience))]);
  const own = !redirect || destination(redirect).origin === location.origin;
  if (!own) return leave(redirect);
  step.replace("done");
  document.getElementById("done-text").textContent = pages?.length ? text("signout.done.all") : text("signout.done.here");
}

handle(form, async (watch) => {
  try {
    return await signout(watch);
  } catch (problem) {
    if (problem.code === "expired") vouched = "";
    document.getElementById("again").hidden = false;
    throw problem;
  }
});

start();
// only /oauth2/logout knows a flow of this browser; a bare link to this page, which anybody can make, ends nothing by itself
if (query.get("confirm") === "1" || !flow) step.replace("ask");
else form.requestSubmit();
