// The least a Worker can do.
export default {
  async fetch() {
    return new Response("ok\n");
  },
};
