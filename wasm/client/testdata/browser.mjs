// Runs the browser's module under Node, whose fetch, streams and promises are the browser's: node browser.mjs MODULE LOADER BASE DICTIONARY.
// Prints one JSON document of what every step answered.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";

const [module, loader, base, dictionary] = process.argv.slice(2);
createRequire(import.meta.url)(loader);

const go = new globalThis.Go();
const { instance } = await WebAssembly.instantiate(readFileSync(module), go.importObject);
go.run(instance);

const { latchkey } = globalThis;
const answers = {};
const stages = [];
latchkey.onprogress = (stage) => stages.push(stage);
const call = async (name, method, args) => (answers[name] = JSON.parse(await latchkey.call(method, args && JSON.stringify(args))));

const upn = "ada@example.org";
await call("unconfigured", "account", {});
await call("insecure", "configure", { base: base.replace("https:", "http:") });
await call("configure", "configure", { base });
answers.noDictionary = JSON.parse(await latchkey.loadDictionary("words"));
answers.dictionary = JSON.parse(await latchkey.loadDictionary(readFileSync(dictionary)));
await call("common", "passwordStrength", { password: "Password1234", inputs: [] });
await call("checked", "checkPassword", { password: "purple tractors eat lightly", inputs: ["Ada"] });
await call("signup", "signupFinish", { state: "signup-1", upn, name: "Ada", password: "Zu\u0308rich und Gru\u0308nfink am Teich" });
stages.length = 0;
await call("signin", "signin", { upn, password: "Z\u00fcrich\u00a0und Gr\u00fcnfink am Teich", flow: "f1" });
answers.stages = [...stages];
await call("wrong", "signin", { upn, password: "something else" });
await call("noArguments", "account");
await call("unknown", "nothing", {});
await call("tooLarge", "sessions", {});
await call("redirected", "signout", {});
answers.together = (await Promise.all([1, 2, 3, 4].map(() => latchkey.call("account", "{}")))).map((text) => JSON.parse(text));
latchkey.onprogress = () => { throw new Error("a page's mistake"); };
await call("listenerThrows", "account", {});
process.stdout.write(JSON.stringify(answers), () => process.exit(0));
