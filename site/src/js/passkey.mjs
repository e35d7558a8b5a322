// Passkeys: what the browser's own functions take and give, in the JSON of WebAuthn Level 3 section 5.1.8 and 5.1.9. The PRF output
// (section 10.1.4) opens the settings, so it never goes to the service: it is taken out of what is sent.

// What the passkey is asked for beside its signature: 32 bytes that open the settings. The same words as client.PRFInput.
const extensions = { prf: { eval: { first: new TextEncoder().encode("latchkey/vault/v1") } } };

// available says whether this browser can use passkeys at all.
export const available = () => Boolean(globalThis.PublicKeyCredential?.parseRequestOptionsFromJSON);

// create makes a passkey. The result is {credential, prf}: what the service gets, and the 32 bytes as base64url when the
// authenticator gives them at once ("" when it does not). Options are the service's, as JSON.
export async function create(options) {
  const publicKey = { ...PublicKeyCredential.parseCreationOptionsFromJSON(JSON.parse(options)), extensions };
  return outcome(await navigator.credentials.create({ publicKey }));
}

// get has the person use a passkey. how is the rest of what navigator.credentials.get() takes: mediation, signal.
export async function get(options, how) {
  const publicKey = { ...PublicKeyCredential.parseRequestOptionsFromJSON(JSON.parse(options)), extensions };
  return outcome(await navigator.credentials.get({ ...how, publicKey }));
}

// open has the person use a passkey only for what opens the settings. Nobody checks the signature, so the challenge is any.
export async function open() {
  const challenge = crypto.getRandomValues(new Uint8Array(32));
  const made = await navigator.credentials.get({ publicKey: { challenge, userVerification: "required", extensions } });
  return outcome(made).prf;
}

function outcome(made) {
  const output = made.getClientExtensionResults().prf;
  const credential = made.toJSON();
  if (credential.clientExtensionResults.prf) {
    credential.clientExtensionResults.prf = { enabled: Boolean(output.enabled ?? output.results) };
  }
  return { credential: JSON.stringify(credential), prf: output?.results?.first ? base64url(output.results.first) : "" };
}

function base64url(bytes) {
  const text = String.fromCharCode(...new Uint8Array(bytes));
  return btoa(text).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
}
