// What the bridge is measured beside: the same answer from a Worker in plain JavaScript.
export default {
  fetch() {
    return new Response("hello\n", { headers: { "Content-Type": "text/plain" } });
  },
};
