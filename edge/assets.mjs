// Latchkey on plain workerd with its static pages: a request that names a file gets the file and every other one goes to the Worker,
// as Cloudflare does it with a Worker's assets. The files come from a disk service (FILES) and are fixed while it runs, as
// in a deployment. It shares the Worker's isolate, because a request that is passed on to another costs more than a page.
import worker from "./worker.mjs";
export * from "./worker.mjs";

const types = {
  html: "text/html; charset=utf-8", css: "text/css; charset=utf-8", js: "text/javascript; charset=utf-8",
  mjs: "text/javascript; charset=utf-8", json: "application/json", map: "application/json",
  webmanifest: "application/manifest+json", wasm: "application/wasm", txt: "text/plain; charset=utf-8",
  xml: "application/xml", svg: "image/svg+xml", png: "image/png", jpg: "image/jpeg", jpeg: "image/jpeg", webp: "image/webp",
  avif: "image/avif", ico: "image/x-icon", woff2: "font/woff2", pdf: "application/pdf",
};
const encodings = [["br", ".br"], ["gzip", ".gz"]]; // best first
const origin = "http://files";

let site = null; // { files, stored, rules }: shared as a finished value, because no request may wait for another

export default {
  fetch(request, env, ctx) {
    if (request.method !== "GET" && request.method !== "HEAD") return worker.fetch(request, env, ctx);
    return site ? answer(request, env, ctx) : load(env.FILES).then((loaded) => ((site = loaded), answer(request, env, ctx)));
  },
};

// answer is the file or, not a moment later than without files, what the Worker answers.
function answer(request, env, ctx) {
  const found = find(site.files, pathOf(request.url));
  if (!found) return worker.fetch(request, env, ctx);
  const url = new URL(request.url);
  if (found.redirect) return new Response(null, { status: 307, headers: { Location: found.redirect + url.search } });
  return serve(request, env.FILES, url, found.file);
}

function pathOf(url) {
  const path = url.indexOf("/", url.indexOf("://") + 3);
  const query = url.indexOf("?", path);
  return query < 0 ? url.slice(path) : url.slice(path, query);
}

// load reads what there is: files are those that clients may have, stored is everything.
async function load(disk) {
  const stored = new Set();
  await list(disk, "", stored);
  const rules = stored.has("/_headers") ? parseHeaders(await (await disk.fetch(`${origin}/_headers`)).text()) : [];
  return { files: new Set([...stored].filter((path) => !hidden(path))), stored, rules };
}

async function list(disk, directory, files) {
  const entries = await (await disk.fetch(`${origin}${address(directory)}/`)).json();
  for (const { name, type } of entries) {
    if (type === "directory") await list(disk, `${directory}/${name}`, files);
    else if (type === "file") files.add(`${directory}/${name}`);
  }
}

const address = (path) => path.split("/").map(encodeURIComponent).join("/");

// find says which file a path names, or where it should have pointed: pages have addresses without ".html" and "index.html".
// Only listed names are ever found, so no path leads out of the directory.
function find(files, pathname) {
  let path = pathname;
  if (path.includes("%")) {
    try {
      path = decodeURIComponent(pathname);
    } catch {
      return null;
    }
  }
  if (files.has(path)) return plain(pathname, path);
  if (path.endsWith("/")) {
    if (files.has(`${path}index.html`)) return { file: `${path}index.html` };
    return files.has(`${path.slice(0, -1)}.html`) ? { redirect: local(pathname.slice(0, -1)) } : null;
  }
  if (files.has(`${path}.html`)) return { file: `${path}.html` };
  return files.has(`${path}/index.html`) ? { redirect: local(`${pathname}/`) } : null;
}

// plain is the file itself, or for a page its address.
function plain(pathname, path) {
  if (path.endsWith("/index.html")) return { redirect: local(pathname.slice(0, -"index.html".length)) };
  return path.endsWith(".html") ? { redirect: local(pathname.slice(0, -".html".length)) } : { file: path };
}

// local keeps a redirect on this host: "//example.com" would be another one.
const local = (path) => path.replace(/^\/+/, "/");

// hidden names are for the asset server or for other programs, never for clients. /.well-known/ is for clients.
function hidden(path) {
  if (path === "/_headers" || path === "/_redirects" || encodings.some(([, suffix]) => path.endsWith(suffix))) return true;
  return path.split("/").some((part) => part.startsWith(".") && part !== ".well-known");
}

async function serve(request, disk, url, path) {
  const compressed = encodings.filter(([, suffix]) => site.stored.has(path + suffix));
  const encoding = compressed.find(([name]) => accepts(request.headers.get("Accept-Encoding") ?? "", name));
  const stored = await disk.fetch(origin + address(path + (encoding?.[1] ?? "")), { method: request.method });
  if (!stored.ok) return new Response(null, { status: 404 });
  const headers = new Headers({ "Content-Type": types[path.split(".").pop()] ?? "application/octet-stream" });
  headers.set("Cache-Control", "public, max-age=0, must-revalidate");
  headers.set("ETag", tag(stored, encoding));
  if (compressed.length) headers.set("Vary", "Accept-Encoding");
  if (encoding) headers.set("Content-Encoding", encoding[0]);
  apply(site.rules, url, headers);
  if (matches(request.headers.get("If-None-Match"), headers.get("ETag"))) {
    await stored.body?.cancel();
    return new Response(null, { status: 304, headers });
  }
  headers.set("Content-Length", stored.headers.get("Content-Length"));
  return new Response(stored.body, { headers, encodeBody: "manual" });
}

// tag changes whenever the file does.
function tag(stored, encoding) {
  const changed = Date.parse(stored.headers.get("Last-Modified") ?? "") || 0;
  return `"${changed.toString(36)}-${Number(stored.headers.get("Content-Length")).toString(36)}${encoding ? `-${encoding[0]}` : ""}"`;
}

const matches = (wanted, tag) =>
  wanted !== null && wanted.split(",").some((one) => one.trim() === "*" || one.trim().replace(/^W\//, "") === tag);

// accepts reads an Accept-Encoding field (RFC 9110, section 12.5.3).
function accepts(field, coding) {
  let any = false;
  for (const part of field.toLowerCase().split(",")) {
    const [name, ...parameters] = part.split(";").map((s) => s.trim());
    const q = parameters.find((p) => p.startsWith("q="));
    const wanted = q === undefined || Number(q.slice(2)) > 0;
    if (name === coding) return wanted;
    if (name === "*") any = wanted;
  }
  return any;
}

// parseHeaders reads Cloudflare's _headers file: lines with a path, where * stands for anything and :name for anything but a
// slash, each followed by indented headers; "! Name" takes one away.
function parseHeaders(text) {
  const rules = [];
  for (const line of text.split(/\r?\n/)) {
    if (!line.trim() || line.trimStart().startsWith("#")) continue;
    if (!/^\s/.test(line)) rules.push({ pattern: pattern(line.trim()), absolute: !line.startsWith("/"), headers: [] });
    else if (rules.length) rules.at(-1).headers.push(header(line.trim()));
  }
  return rules;
}

function pattern(path) {
  const literal = path.replace(/[.+?^${}()|[\]\\]/g, "\\$&");
  return new RegExp(`^${literal.replace(/\*/g, ".*").replace(/(?<=\/):[A-Za-z]\w*/g, "[^/]+")}$`);
}

function header(line) {
  if (line.startsWith("!")) return { name: line.slice(1).trim(), value: null };
  const colon = line.indexOf(":");
  return { name: line.slice(0, colon).trim(), value: line.slice(colon + 1).trim() };
}

// apply sets the headers of all rules that match. A header of the rules replaces the server's own; of several rules they add up.
function apply(rules, url, headers) {
  const set = new Set();
  for (const rule of rules) {
    if (!rule.pattern.test(rule.absolute ? `https://${url.host}${url.pathname}` : url.pathname)) continue;
    for (const { name, value } of rule.headers) {
      const key = name.toLowerCase();
      if (value === null) headers.delete(name);
      else if (set.has(key)) headers.append(name, value);
      else headers.set(name, value);
      set.add(key);
    }
  }
}
