// Sign-in: the name, then the password. The page takes the name while the client core is still on its way.
import { call, start } from "./core.mjs";
import { handle, notice, reveal, WrongField } from "./form.mjs";
import { leave } from "./leave.mjs";
import { flow, query, text } from "./page.mjs";
import { steps } from "./steps.mjs";

const form = document.getElementById("signin");
const { username, password, keep } = form.elements;
let upn = ""; // as the service writes it; set once it has been looked up

const step = steps(form, (name) => (name === "password" && !upn ? "name" : name));

async function discover(watch) {
  const typed = username.value.trim();
  if (!typed) throw new WrongField(username, text("signin.name.missing"));
  if (!/^[^@\s]+@[^@\s]+$/.test(typed)) throw new WrongField(username, text("signin.name.invalid"));
  try {
    const realm = await call("discover", { upn: typed, flow }, watch);
    if (realm.realm === "federated") return leave(realm.redirect);
    upn = username.value = realm.upn;
  } catch (problem) {
    if (!["domain_unknown", "invalid_upn"].includes(problem.code)) throw problem;
    throw new WrongField(username, text("signin.name." + problem.code));
  }
  document.getElementById("who").textContent = upn;
  step.go("password");
}

async function signin(watch) {
  if (!password.value) throw new WrongField(password, text("signin.password.missing"));
  try {
    const { redirect } = await call("signin", { upn, password: password.value, flow, keep: keep.checked }, watch);
    return leave(redirect);
  } catch (problem) {
    if (problem.code !== "invalid_credentials") throw problem;
    throw new WrongField(password, text("signin.password.wrong"));
  }
}

handle(form, (watch) => (step.current === "name" ? discover(watch) : signin(watch)));
document.getElementById("change").addEventListener("click", () => history.back());
addEventListener("pageshow", ({ persisted }) => persisted && (password.value = ""));

const hint = query.get("login_hint");
if (hint && !username.value) username.value = hint.slice(0, 254);

reveal();
start();

// Passkeys come last: what asks for them is loaded when the client core is there, and by a browser without them never.
if (globalThis.PublicKeyCredential?.parseRequestOptionsFromJSON) {
  const passkey = document.getElementById("passkey");
  const offered = call("passkeyOptions", { flow }).then(async (begun) => (await import("./passkey-signin.mjs")).offer(form, begun));
  offered.catch(() => {}); // whoever wants it hears of it
  passkey.addEventListener("click", () => offered.then((ask) => ask(), (problem) => notice(form, problem)));
  passkey.hidden = false;
}
