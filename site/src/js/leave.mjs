// Where the browser goes next.
import { language, localised } from "./page.mjs";

// destination checks a target that an answer of our own interface named: a path of this site or an https URL.
export function destination(target) {
  const url = new URL(target, location.origin);
  if (url.protocol !== "https:") throw new TypeError("refused to go to " + url.protocol);
  if (url.origin === location.origin && url.pathname === "/account") url.pathname = localised(url.pathname);
  return url;
}

// leave goes there without leaving this page in the history: going back must not show a spent form.
export function leave(target) {
  location.replace(destination(target));
  return "leaving";
}
