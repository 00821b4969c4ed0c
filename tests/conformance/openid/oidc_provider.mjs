// oidc-provider, certified for the basic profile, as it comes from npm but for what the profile needs. Everyone may sign in, by any name.
// argv: client's id, secret, its redirect URIs. Prints its issuer. POST /forward?SECONDS puts its clock on, so that nobody waits.
import { createServer } from "node:http";
import { Provider } from "oidc-provider";

const [client_id, client_secret, ...redirect_uris] = process.argv.slice(2);
const now = Date.now;
let ahead = 0;
Date.now = () => now() + ahead;

const server = createServer((request, response) => {
  const [path, seconds] = request.url.split("?");
  if (path === "/forward") {
    ahead += Number(seconds) * 1000;
    response.end();
  } else {
    answer(request, response);
  }
});
await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
const issuer = `http://127.0.0.1:${server.address().port}`;
const client = {
  client_secret,
  redirect_uris,
  grant_types: ["authorization_code", "refresh_token"],
  response_types: ["code"],
};
const provider = new Provider(issuer, {
  clients: [
    { ...client, client_id, token_endpoint_auth_method: "client_secret_basic" },
    { ...client, client_id: `${client_id}-post`, token_endpoint_auth_method: "client_secret_post" },
  ],
  claims: {
    address: ["address"],
    email: ["email", "email_verified"],
    phone: ["phone_number", "phone_number_verified"],
    profile: ["name", "updated_at"],
  },
  features: { claimsParameter: { enabled: true } },
  findAccount: (_, sub) => ({
    accountId: sub,
    claims: () => ({
      sub,
      name: "Ada",
      updated_at: 1,
      email: sub,
      email_verified: true,
      address: { locality: "Hansa" },
      phone_number: "+49 40 1",
      phone_number_verified: true,
    }),
  }),
  enableHttpPostMethods: true,
  cookies: { keys: ["of the tests"], long: { sameSite: "none" }, short: { sameSite: "none" } },
  ttl: { AccessToken: 600, Grant: 3600, IdToken: 600, Interaction: 600, RefreshToken: 3600, Session: 36000 },
});
const answer = provider.callback();
console.log(issuer);
