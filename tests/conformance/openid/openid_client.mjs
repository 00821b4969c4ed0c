// A confidential client by openid-client: pushes a request and signs somebody in by it, refreshes, asks, connects a device, ends it all.
// argv: issuer, client id, secret, redirect URI, URI after the logout.
import * as client from "openid-client";
import { report, visit } from "./visiting.mjs";

const [issuer, id, secret, redirect_uri, post_logout_redirect_uri] = process.argv.slice(2);
const config = await client.discovery(new URL(issuer), id, secret, client.ClientSecretBasic(secret), {
  execute: [client.allowInsecureRequests, client.enableNonRepudiationChecks],
});
const pkceCodeVerifier = client.randomPKCECodeVerifier();
const [expectedState, expectedNonce] = [client.randomState(), client.randomNonce()];
const url = await client.buildAuthorizationUrlWithPAR(config, {
  redirect_uri,
  scope: "openid profile email offline_access",
  code_challenge: await client.calculatePKCECodeChallenge(pkceCodeVerifier),
  code_challenge_method: "S256",
  state: expectedState,
  nonce: expectedNonce,
  max_age: "3600",
});
const tokens = await client.authorizationCodeGrant(config, await visit(url), {
  pkceCodeVerifier,
  expectedState,
  expectedNonce,
  maxAge: 3600,
  idTokenExpected: true,
});
const { sub } = tokens.claims();
const userinfo = await client.fetchUserInfo(config, tokens.access_token, sub);
const refreshed = await client.refreshTokenGrant(config, tokens.refresh_token);
const before = await client.tokenIntrospection(config, refreshed.access_token);
await client.tokenRevocation(config, refreshed.refresh_token);
const after = await client.tokenIntrospection(config, refreshed.access_token);
const own = await client.clientCredentialsGrant(config, { scope: "graph" });

const device = await client.initiateDeviceAuthorization(config, { scope: "openid" });
const polling = client.pollDeviceAuthorizationGrant(config, device);
await visit(device.verification_uri_complete);
const onDevice = await polling;

const logout = client.buildEndSessionUrl(config, {
  id_token_hint: tokens.id_token,
  post_logout_redirect_uri,
  state: "done",
});
const landed = await visit(logout);
report({
  sub,
  name: userinfo.name,
  refreshed: refreshed.claims().sub,
  active: [before.active, after.active],
  own: own.scope,
  device: onDevice.claims().sub,
  landed: String(landed),
});
