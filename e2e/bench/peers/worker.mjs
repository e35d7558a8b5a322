// Runs one of the peers on workerd with D1 and KV on disk. argv: name, port, directory, secret.
// TOOLS is the directory whose node_modules have the workerd that Latchkey runs on.
import { createRequire } from "node:module";

const [name, port, directory, secret] = process.argv.slice(2);
const tools = createRequire(process.env.TOOLS + "/");
const { Miniflare, convertV4MiniflareOptions } = tools("miniflare");
const { build } = tools("esbuild");
const { outputFiles } = await build({
  entryPoints: [new URL(`./${name}.mjs`, import.meta.url).pathname], bundle: true, write: false, format: "esm", target: "es2022", minify: true,
  platform: "node", conditions: ["workerd", "worker", "browser"], external: ["cloudflare:*", "node:*"], mainFields: ["module", "main"],
});
const worker = new Miniflare({ ...convertV4MiniflareOptions({
  modules: true, script: outputFiles[0].text, host: "127.0.0.1", port: Number(port), compatibilityDate: "2026-11-01",
  compatibilityFlags: ["nodejs_compat"], bindings: { SECRET: secret, BASE: `http://127.0.0.1:${port}` },
  kvNamespaces: ["OAUTH_KV"], d1Databases: ["DB"], cf: false,
}), resourcePersistencePath: directory });
await worker.ready;
console.log("ready");
