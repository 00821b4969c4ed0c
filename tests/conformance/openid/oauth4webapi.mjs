// A public client by oauth4webapi, which knows the provider by RFC 8414; checks all that it can check.
// argv: issuer, client id, redirect URI.
import * as oauth from "oauth4webapi";
import { report, visit } from "./visiting.mjs";

const [issuer, client_id, redirect_uri] = process.argv.slice(2);
const insecure = { [oauth.allowInsecureRequests]: true };
const url = new URL(issuer);
const server = await oauth.processDiscoveryResponse(
  url,
  await oauth.discoveryRequest(url, { algorithm: "oauth2", ...insecure }),
);
const client = { client_id, require_auth_time: true, default_max_age: 3600 };
const verifier = oauth.generateRandomCodeVerifier();
const [state, nonce] = [oauth.generateRandomState(), oauth.generateRandomNonce()];
const request = new URL(server.authorization_endpoint);
request.search = new URLSearchParams({
  client_id,
  redirect_uri,
  response_type: "code",
  scope: "openid email offline_access",
  code_challenge: await oauth.calculatePKCECodeChallenge(verifier),
  code_challenge_method: "S256",
  state,
  nonce,
});
const parameters = oauth.validateAuthResponse(server, client, await visit(request), state);
const response = await oauth.authorizationCodeGrantRequest(
  server, client, oauth.None(), parameters, redirect_uri, verifier, insecure,
);
const tokens = await oauth.processAuthorizationCodeResponse(server, client, response, {
  expectedNonce: nonce,
  requireIdToken: true,
});
await oauth.validateApplicationLevelSignature(server, response, insecure);
const { sub } = oauth.getValidatedIdTokenClaims(tokens);
const userinfo = await oauth.processUserInfoResponse(
  server, client, sub, await oauth.userInfoRequest(server, client, tokens.access_token, insecure),
);
const refresh = () =>
  oauth.refreshTokenGrantRequest(server, client, oauth.None(), tokens.refresh_token, insecure);
const both = await Promise.all([refresh(), refresh()]);
const refreshed = await Promise.all(
  both.map((answer) => oauth.processRefreshTokenResponse(server, client, answer)),
);
report({
  sub,
  email: userinfo.email,
  successors: new Set(refreshed.map((each) => each.refresh_token)).size,
});
