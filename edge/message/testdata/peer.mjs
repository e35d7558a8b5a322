// A mail server for tests: npm's smtp-server. Prints {"port": n}, then a line of JSON for each message it has accepted.
// Options come as JSON in the first argument.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";

const options = JSON.parse(process.argv[2]);
const { SMTPServer } = createRequire(options.modules + "/")("smtp-server");
const say = (value) => process.stdout.write(JSON.stringify(value) + "\n");

let greylist = Number(options.greylist ?? 0); // letters still to be put off; true is 1

const server = new SMTPServer({
  key: readFileSync(options.key),
  cert: readFileSync(options.cert),
  secure: options.secure ?? false,
  authOptional: !options.password,
  authMethods: options.authMethods ?? ["PLAIN", "LOGIN"],
  disabledCommands: options.disabled ?? [],
  hideSMTPUTF8: options.hideSMTPUTF8 ?? false,
  onAuth(auth, session, callback) {
    const good = auth.username === "postman" && auth.password === options.password;
    callback(good ? null : Object.assign(new Error("no: " + auth.password), { responseCode: 535 }), { user: auth.username });
  },
  onMailFrom(address, session, callback) {
    callback(greylist-- > 0 ? Object.assign(new Error("come back later"), { responseCode: 451 }) : null);
  },
  onRcptTo(address, session, callback) {
    callback(address.address.startsWith("nobody@") ? Object.assign(new Error("no such person"), { responseCode: 550 }) : null);
  },
  onData(stream, session, callback) {
    const chunks = [];
    stream.on("data", (chunk) => chunks.push(chunk));
    stream.on("end", () => {
      const raw = Buffer.concat(chunks);
      if (options.rejectData) {
        // Some servers repeat what they dislike.
        const code = raw.toString().match(/^ {4}(\d{6})/m)[1];
        return callback(Object.assign(new Error("spam: " + code), { responseCode: 554 }));
      }
      setTimeout(() => {
        say({
          from: session.envelope.mailFrom.address,
          utf8: session.envelope.mailFrom.args?.SMTPUTF8 ?? false,
          to: session.envelope.rcptTo.map((r) => r.address),
          secure: session.secure,
          user: session.user ?? "",
          hello: session.hostNameAppearsAs,
          raw: raw.toString("base64"),
        });
        callback(null);
      }, options.slow ?? 0);
    });
  },
});
server.on("error", (error) => process.stderr.write(error + "\n"));
server.listen(0, "127.0.0.1", () => say({ port: server.server.address().port }));
