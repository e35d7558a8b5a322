// My account: who is signed in, where, and the password.
import { call, Problem, start } from "./core.mjs";
import { language, localised, text } from "./page.mjs";
import { changePassword } from "./change.mjs";
import { explain } from "./problem.mjs";
import { sessions } from "./sessions.mjs";

start();

const put = (id, words) => (document.getElementById(id).textContent = words);

// putAddress lets a long address break after its @ and not just anywhere.
function putAddress(id, address) {
  const domain = address.lastIndexOf("@") + 1;
  document.getElementById(id).replaceChildren(address.slice(0, domain), document.createElement("wbr"), address.slice(domain));
}

async function load() {
  const account = await call("account");
  putAddress("identity", account.upn);
  put("initial", [...(account.name || account.upn)][0].toLocaleUpperCase(language));
  put("fact-name", account.name);
  putAddress("fact-upn", account.upn);
  putAddress("fact-email", account.email || text("account.none"));
  put("fact-created", new Intl.DateTimeFormat(language, { dateStyle: "long" }).format(account.created * 1000));
  changePassword(account, complain);
  await sessions(complain);
}

// complain shows what went wrong; who is not signed in goes to sign in.
function complain(error) {
  if (error.code === "session_required") return location.replace(localised("/signin"));
  if (!(error instanceof Problem)) console.error(error);
  const trouble = document.getElementById("trouble");
  trouble.hidden = false;
  trouble.textContent = explain(error instanceof Problem ? error : { code: "module" });
}

load().catch(complain);
