// @openauthjs/openauth over KV, with a provider that lets everybody in.
import { issuer } from "@openauthjs/openauth";
import { CloudflareStorage } from "@openauthjs/openauth/storage/cloudflare";
import { createSubjects } from "@openauthjs/openauth/subject";

const schema = { "~standard": { version: 1, vendor: "bench", validate: (value) => ({ value }) } };
const subjects = createSubjects({ user: schema });
let app;
export default {
  fetch(request, env, ctx) {
    app ??= issuer({
      storage: CloudflareStorage({ namespace: env.OAUTH_KV }), subjects, allow: async () => true,
      ttl: { reuse: 120 }, // the default of 60 seconds is refused by KV as soon as a millisecond of it is gone
      providers: {
        door: {
          type: "door",
          init(routes, door) {
            routes.get("/authorize", (c) => door.success(c, { id: "ada" }));
          },
          client: async ({ clientSecret }) => {
            if (clientSecret !== env.SECRET) throw new Error("wrong secret");
            return { id: "service" };
          },
        },
      },
      success: (c, value) => c.subject("user", { id: value.id }),
    });
    return app.fetch(request, env, ctx);
  },
};
