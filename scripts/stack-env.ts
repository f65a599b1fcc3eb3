// Prints what `.marvel/stack.json` (or the file given) says of a running stack as shell variables, for the examples of the
// documentation: eval "$(node_modules/.bin/node scripts/stack-env.ts)"
import { readFileSync } from 'node:fs';
import * as v from 'valibot';

const Text = v.string();
const Optional = v.nullable(v.string());
/** What the examples use of it. */
const Stack = v.object({
  api: Text,
  operator_token: Text,
  gateway: v.object({
    marvel: Text,
    marvel_tls: Optional,
    socks5: Optional,
    proxies_fo: v.nullable(v.object({ residential: Text })),
    proxymesh: Optional,
    admin: Text,
  }),
  echo: Text,
  certificate_file: Text,
  account: v.object({
    email: Text,
    password: Text,
    account_id: Text,
    token: Text,
    key: Text,
    api_key: Text,
  }),
  sub_user: v.object({ username: Text, password: Text }),
});

const [file = '.marvel/stack.json'] = process.argv.slice(2);
const { api, gateway, echo, account, sub_user, ...stack } = v.parse(Stack, JSON.parse(readFileSync(file, 'utf8')));
const variables: Readonly<Record<string, string | null | undefined>> = {
  API: api,
  ECHO: echo,
  CERTIFICATE: stack.certificate_file,
  EMAIL: account.email,
  PASSWORD: account.password,
  TOKEN: account.token,
  KEY: account.key,
  API_KEY: account.api_key,
  SUB_USER: sub_user.username,
  SUB_PASSWORD: sub_user.password,
  OPERATOR_TOKEN: stack.operator_token,
  GATEWAY: gateway.marvel,
  GATEWAY_TLS: gateway.marvel_tls,
  GATEWAY_SOCKS5: gateway.socks5,
  GATEWAY_PROXIES_FO: gateway.proxies_fo?.residential,
  GATEWAY_PROXYMESH: gateway.proxymesh,
  GATEWAY_ADMIN: gateway.admin,
  // What the command line looks for.
  MARVEL_API: api,
  MARVEL_TOKEN: account.token,
  MARVEL_KEY: account.key,
  MARVEL_GATEWAY: gateway.marvel,
  MARVEL_OPERATOR_TOKEN: stack.operator_token,
};
for (const [name, value] of Object.entries(variables)) {
  if (value !== null && value !== undefined) console.log(`export ${name}='${value.replaceAll("'", String.raw`'\''`)}'`);
}
