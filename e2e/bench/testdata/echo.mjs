// A bare WebSocket between two devices: an object passes what one says on to the other. Its sockets may sleep, as Latchkey's do.
import { DurableObject } from "cloudflare:workers";

export class Echo extends DurableObject {
  fetch() {
    const [client, server] = Object.values(new WebSocketPair());
    this.ctx.acceptWebSocket(server);
    return new Response(null, { status: 101, webSocket: client });
  }
  webSocketMessage(from, text) {
    for (const socket of this.ctx.getWebSockets()) if (socket !== from) socket.send(text);
  }
}

export default {
  fetch(request, env) {
    return env.ECHO.getByName("a").fetch(request);
  },
};
