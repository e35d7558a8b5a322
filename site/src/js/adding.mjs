// Adding something that proves who the person is. The dialog goes from part to part; what is done next is what the part before
// returned. Whoever has not proved the password for a while is asked for it first.
import { call, Problem } from "./core.mjs";
import { clear, handle, reveal, WrongField } from "./form.mjs";
import { create, open as useForSettings } from "./passkey.mjs";
import { explain } from "./problem.mjs";
import { language, text } from "./page.mjs";

const get = (id) => document.getElementById(id);
const box = get("add");
const form = get("adding");
const { username, password, address, phone, code, kept, name, channel } = form.elements;

// adding returns {add, recent}. added hears words for what has been added; complain of errors outside of the dialog.
export function adding({ account, added, complain }) {
  let next; // what the button does
  let ended; // called when the dialog closes
  let proved = false; // the proof of the password is recent enough

  function part(shown, work) {
    for (const section of form.querySelectorAll("[data-part]")) section.hidden = !shown.split(" ").includes(section.dataset.part);
    clear(form);
    next = work;
    (form.querySelector("[data-part]:not([hidden]) input:not(.unseen, [type=radio])") ?? get("add-heading")).focus();
  }

  function open(heading) {
    form.reset();
    username.value = account.upn;
    get("add-heading").textContent = heading;
    if (!box.open) box.showModal();
  }

  function close() {
    box.close();
  }

  // ask has the password proved and goes on with work.
  function ask(work) {
    part("password", async (watch) => {
      if (!password.value) throw new WrongField(password, text("signin.password.missing"));
      try {
        await call("confirm", { password: password.value }, watch);
      } catch (problem) {
        if (problem.code === "invalid_credentials") throw new WrongField(password, text("signin.password.wrong"));
        throw problem;
      }
      proved = true;
      password.value = "";
      await work(watch);
    });
  }

  // begin runs work, asking for the password when the service wants it.
  async function begin(work, watch) {
    try {
      await work(watch);
    } catch (problem) {
      if (problem.code !== "confirm_required") throw problem;
      ask(work);
    }
  }

  async function finish(words) {
    close();
    await added(words);
  }

  const kinds = {
    email: () =>
      part("email", (watch) =>
        begin(async () => {
          if (!/^\S+@\S+$/.test(address.value.trim())) throw new WrongField(address, text("signup.address.invalid"));
          const { challenge } = await call("addEmail", { address: address.value.trim(), language }, watch).catch(beside(address));
          verify(challenge, text("trust.code.sent", { hint: address.value.trim() }), text("factors.added.email"));
        }, watch)),
    phone: () =>
      part("phone", (watch) =>
        begin(async () => {
          const number = phone.value.replace(/[\s()/.-]/g, "");
          if (!/^\+[1-9]\d{6,14}$/.test(number)) throw new WrongField(phone, text("factors.phone.invalid"));
          const { challenge } = await call("addPhone", { number, channel: channel.value, language }, watch).catch(beside(phone));
          const words = channel.value === "call" ? text("trust.code.call", { hint: number }) : text("trust.code.sent", { hint: number });
          verify(challenge, words, text("factors.added.phone"));
        }, watch)),
    totp: () =>
      begin(async (watch) => {
        const { id, secret, uri } = await call("totpBegin", {}, watch);
        get("uri").href = uri;
        get("secret").textContent = secret.match(/.{1,4}/g).join(" ");
        const { picture } = await import("./qr.mjs");
        get("qr").replaceChildren(picture(uri));
        get("code-lead").textContent = text("trust.code.totp");
        part("totp code", async (watch) => {
          await coded((digits) => call("totpFinish", { id, code: digits }, watch));
          await finish(text("factors.added.totp"));
        });
      }),
    passkey: () =>
      begin(async (watch) => {
        const { challenge, options } = await call("passkeyBegin", {}, watch);
        part("name", async (watch) => {
          if (!name.value.trim()) throw new WrongField(name, text("factors.passkey.missing"));
          let made;
          try {
            made = await create(options);
          } catch (error) {
            if (error.name === "NotAllowedError") return; // the person has closed the browser's window
            if (error.name === "InvalidStateError") throw new WrongField(name, text("factors.passkey.twice"));
            throw error;
          }
          const { credential, prf } = made;
          const { id } = await call("passkeyFinish", { challenge, credential, prf: prf || undefined, name: name.value.trim() }, watch);
          if (!prf) await opens(id);
          await finish(text("factors.added.passkey"));
        });
        name.value = text("factors.passkey.default");
        name.select();
      }),
    recovery: () =>
      begin(async (watch) => {
        const { code: fresh } = await call("newRecoveryCode", {}, watch).catch(shut);
        get("recovery").textContent = fresh;
        // Nothing has changed until the person has it: who gives up keeps the code of before.
        part("recovery", (watch) => {
          if (!kept.checked) throw new WrongField(kept, text("factors.recovery.keep"));
          return begin(async (watch) => {
            await call("keepRecoveryCode", { recovery: fresh, language }, watch);
            await finish(text("factors.added.recovery"));
          }, watch);
        });
      }),
  };

  // opens has a new passkey open the settings too. Many authenticators only give what that takes when the passkey is used; who declines,
  // or has one that cannot do it, has a passkey all the same.
  async function opens(id) {
    const prf = await useForSettings().catch(() => "");
    if (prf) await call("passkeyOpens", { id, prf });
  }

  // shut says where settings are opened that are not open here.
  const shut = (problem) => {
    throw ["vault_locked", "vault_missing", "vault_replaced"].includes(problem.code) ? new Problem({ code: "vault_shut" }) : problem;
  };

  // beside shows what is wrong with an address or a number beside its field.
  const beside = (input) => (problem) => {
    if (!["address_invalid", "phone_invalid", "factor_exists", "undeliverable"].includes(problem.code)) throw problem;
    throw new WrongField(input, explain(problem));
  };

  function verify(challenge, words, done) {
    get("code-lead").textContent = words;
    code.value = "";
    part("code", async (watch) => {
      await coded((digits) => call("verifyFactor", { challenge, code: digits }, watch));
      await finish(done);
    });
  }

  async function coded(work) {
    const digits = code.value.replace(/\s/g, "");
    if (!/^\d{6,8}$/.test(digits)) throw new WrongField(code, text("signup.code.digits"));
    try {
      await work(digits);
    } catch (problem) {
      if (problem.code === "code_wrong") throw new WrongField(code, text("signup.code.code_wrong", { tries: problem.tries_left ?? 0 }));
      if (problem.code === "code_spent") throw new WrongField(code, text("trust.code.spent"));
      throw problem;
    }
  }

  handle(form, (watch) => next(watch));
  get("cancel").addEventListener("click", close);
  get("print").addEventListener("click", () => print());
  get("copy").addEventListener("click", () => navigator.clipboard.writeText(get("recovery").textContent).catch(complain));
  box.addEventListener("close", () => {
    for (const id of ["recovery", "secret"]) get(id).textContent = "";
    get("qr").replaceChildren();
    ended?.();
    ended = undefined;
  });
  reveal();

  return {
    async add(kind) {
      open(text("factors.adding." + kind));
      part("", () => {});
      try {
        await kinds[kind]();
      } catch (problem) {
        close();
        throw problem;
      }
    },
    // recent runs work outside of the dialog, which comes up only when the password has to be proved before. It returns what work does, or
    // nothing when the person gave up.
    async recent(work) {
      try {
        return await work();
      } catch (problem) {
        if (problem.code !== "confirm_required") throw problem;
      }
      open(text("factors.prove.heading"));
      await new Promise((resolve) => {
        ended = resolve;
        proved = false;
        ask(async () => close());
      });
      return proved ? work() : undefined;
    },
  };
}
