// My account: who is signed in, where, what applications may do, and the password.
import { day } from "./ago.mjs";
import { applications } from "./applications.mjs";
import { changePassword } from "./change.mjs";
import { call, start } from "./core.mjs";
import { language, text } from "./page.mjs";
import { sessions } from "./sessions.mjs";
import { complain } from "./trouble.mjs";

start();

const put = (id, words) => (document.getElementById(id).textContent = words);

// putAddress lets a long address break after its @ and not just anywhere.
function putAddress(id, address) {
  const domain = address.lastIndexOf("@") + 1;
  document.getElementById(id).replaceChildren(address.slice(0, domain), document.createElement("wbr"), address.slice(domain));
}

// load shows everything at once: what came later would push down what the person is about to press.
async function load() {
  const [account, signedIn, allowed] = await Promise.all([call("account"), call("sessions"), call("applications")]);
  putAddress("identity", account.upn);
  put("initial", [...(account.name || account.upn)][0].toLocaleUpperCase(language));
  put("fact-name", account.name);
  putAddress("fact-upn", account.upn);
  putAddress("fact-email", account.email || text("account.none"));
  put("fact-created", day(account.created));
  changePassword(account, complain);
  sessions(signedIn, complain);
  applications(allowed, complain);
}

load().catch(complain);
