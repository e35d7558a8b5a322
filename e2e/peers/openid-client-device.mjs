// openid-client as a device without a keyboard and as a service with an account of its own.
import * as client from "openid-client";
import { ask, config, finish, refused } from "./conversation.mjs";

const device = await client.discovery(new URL(config.issuer), config.device_id, undefined, client.None());
const pairing = await client.initiateDeviceAuthorization(device, { scope: "openid profile offline_access" });
await ask({ pair: pairing.user_code, at: pairing.verification_uri, complete: pairing.verification_uri_complete });
const tokens = await client.pollDeviceAuthorizationGrant(device, pairing);
const refreshed = await client.refreshTokenGrant(device, tokens.refresh_token);
const spent = await refused(() => client.pollDeviceAuthorizationGrant(device, { ...pairing, interval: 1 }));

const service = await client.discovery(new URL(config.issuer), config.client_id, { client_secret: config.client_secret });
const own = await client.clientCredentialsGrant(service, { scope: config.scope, resource: config.resource });
const looked = await client.tokenIntrospection(service, own.access_token);
finish({
  sub: tokens.claims().sub, refreshed: refreshed.claims().sub, spent,
  format: own.access_token.split(".").length, active: looked.active,
});
