// Signing in with a passkey: by a button, and among what the browser offers for the name where it can do that (WebAuthn Level 3
// section 5.1.4.1, conditional mediation).
import { call } from "./core.mjs";
import { clear, notice } from "./form.mjs";
import { leave } from "./leave.mjs";
import { flow, language, text } from "./page.mjs";
import { get } from "./passkey.mjs";
import { alsoExplain } from "./problem.mjs";

const margin = 60; // seconds before a challenge expires in which it is not offered any more
const longest = 3600 - margin; // that one is offered
alsoExplain((code) => (code === "passkey_invalid" ? text("signin.passkey.wrong") : ""));
let asking; // what the browser is being asked, so that it can be taken back

// offer has the browser offer passkeys with names, for a challenge that has just come. It returns what asks for one at once.
export function offer(form, begun) {
  quietly(form, begun);
  return async () => {
    clear(form);
    await ask(form, "optional");
    quietly(form);
  };
}

// quietly waits for a passkey to be chosen in the field of the name, for as long as the page is open.
async function quietly(form, begun) {
  if (await PublicKeyCredential.isConditionalMediationAvailable?.()) await ask(form, "conditional", begun);
}

// offered is for how many seconds a challenge is offered. By a wrong clock it may have expired already, or not for years: without a bound one would
// be asked for after the other.
const offered = (expires) => Math.min(Math.max(expires - Date.now() / 1000 - margin, margin), longest);

async function ask(form, mediation, begun) {
  asking?.abort();
  const mine = (asking = new AbortController());
  let renewal;
  try {
    const { state, options, expires } = begun ?? (await call("passkeyOptions", { flow }));
    if (mine.signal.aborted) return;
    if (mediation === "conditional") renewal = setTimeout(() => quietly(form), offered(expires) * 1000);
    const { credential, prf } = await get(options, { mediation, signal: mine.signal });
    const keep = form.elements.keep.checked;
    const { redirect } = await call("signinPasskey", { state, assertion: credential, prf: prf || undefined, flow, keep, language });
    leave(redirect);
  } catch (error) {
    // Taken back, or the person has closed the browser's window: both as wanted. What goes wrong unasked is nobody's concern.
    if (!["AbortError", "NotAllowedError"].includes(error.name) && (mediation === "optional" || error.code === "passkey_invalid")) {
      notice(form, error.code && typeof error.code === "string" ? error : { code: "module" });
    }
  } finally {
    clearTimeout(renewal);
  }
}
