// A bare WebSocket between two devices: an object passes what one says on to the other. Its sockets may sleep, as Latchkey's do.
// With ?durable it writes down each message before: the runtime holds what is sent back until the write is on the disk.
import { DurableObject } from "cloudflare:workers";

export class Echo extends DurableObject {
  fetch(request) {
    const [client, server] = Object.values(new WebSocketPair());
    this.ctx.storage.sql.exec("CREATE TABLE IF NOT EXISTS said (id INTEGER PRIMARY KEY, body TEXT)");
    this.ctx.acceptWebSocket(server, new URL(request.url).search === "?durable" ? ["durable"] : []);
    return new Response(null, { status: 101, webSocket: client });
  }
  webSocketMessage(from, text) {
    if (this.ctx.getTags(from).length > 0) this.ctx.storage.sql.exec("INSERT OR REPLACE INTO said VALUES (1, ?)", text);
    for (const socket of this.ctx.getWebSockets()) if (socket !== from) socket.send(text);
  }
}

export default {
  fetch(request, env) {
    return env.ECHO.getByName(new URL(request.url).search || "bare").fetch(request);
  },
};
