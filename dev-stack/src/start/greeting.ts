import { join } from 'node:path';
import type { GatewayInfo, StackInfo } from '../stack-info.ts';

/** A line that works as pasted. */
function curlLine({ gateway, account, echo }: StackInfo): string {
  return `curl --proxy http://${gateway.marvel} --proxy-user '${account.key}:country-US-session-demo' ${echo}/`;
}

function describeGateway({
  marvel,
  marvel_tls,
  socks5,
  proxies_fo,
  proxymesh,
  admin,
}: GatewayInfo): [string, string][] {
  const others = [
    ...(marvel_tls === null ? [] : [`TLS ${marvel_tls}`]),
    ...(socks5 === null ? [] : [`SOCKS5 ${socks5}`]),
    ...(proxies_fo === null ? [] : [`proxies.fo ${proxies_fo.residential}`]),
    ...(proxymesh === null ? [] : [`ProxyMesh ${proxymesh}`]),
  ];
  return [
    ['gateway', `${marvel}, http://${admin}/metrics`],
    ...(others.length === 0 ? [] : [['', others.join(', ')] satisfies [string, string]]),
  ];
}

/** What a person who just started the stack wants to know. */
export function greet(info: StackInfo, stateDirectory: string): string {
  const rows: (readonly [string, string])[] = [
    ['dashboard', info.dashboard],
    ['documentation', `${info.api}/docs/`],
    ['control API', info.api],
    ...info.gateways.flatMap((gateway) => describeGateway(gateway)),
    ['echo origin', `${info.echo} and ${info.echo_tls}`],
    ['Stripe stand-in', info.stripe.url],
    ['database', info.database_url],
    ['demo account', `${info.account.email}, password ${info.account.password}`],
    ['details', join(stateDirectory, 'stack.json')],
    ['logs', join(stateDirectory, 'logs')],
  ];
  const width = Math.max(...rows.map(([name]) => name.length));
  return [
    '',
    ...rows.map(([name, value]) => `  ${name.padEnd(width)}  ${value}`),
    '',
    'A first request through an exit in the US:',
    '',
    `  ${curlLine(info)}`,
    '',
    'What it cost, within a second or two, and more bytes, from another terminal in this folder:',
    '',
    '  npx pnpm@12 marvel --local usage',
    '  npx pnpm@12 marvel --local buy bnd_starter',
    '',
    'Or in a browser, at the dashboard, as the demo account.',
    '',
    'Ctrl-C stops everything.',
    '',
  ].join('\n');
}
