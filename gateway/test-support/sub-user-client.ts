import { account, destination, type TestGateway } from './test-gateway.ts';
import { connectRequest, Wire, type WireAnswer } from './wire.ts';

/** A sub-user of the account of the tests. */
export const subUser = { id: 'su_0001', username: 'alice', password: 'se:cret-1', account } as const;

/** What one request shows and asks. */
export interface SubUserRequest {
  /** Those of the sub-user unless given; `null` for no credentials. */
  readonly username?: string | null;
  readonly password?: string;
  readonly to?: string;
  readonly fields?: string;
}

/** Settings that open the listeners of the other dialects on any port. */
export const everyDialect = {
  MARVEL_LISTEN_PROXIES_FO_RESIDENTIAL: '127.0.0.1:0',
  MARVEL_LISTEN_PROXIES_FO_ISP: '127.0.0.1:0',
  MARVEL_LISTEN_PROXIES_FO_DATACENTER: '127.0.0.1:0',
  MARVEL_LISTEN_PROXYMESH: '127.0.0.1:0',
} as const;

/** A CONNECT with the credentials of a sub-user. */
export function subUserConnect(request: SubUserRequest = {}): string {
  const { username = subUser.username, password = subUser.password, to = destination, fields = '' } = request;
  return connectRequest(to, username === null ? { fields } : { key: username, target: password, fields });
}

/** Where a listener of another dialect is. Errors: throws when it is not open. */
export function addressOf(
  { gateway }: TestGateway,
  dialect: 'residential' | 'isp' | 'datacenter' | 'proxymesh',
): string {
  const { proxies_fo, proxymesh } = gateway.addresses;
  const address = dialect === 'proxymesh' ? proxymesh : proxies_fo?.[dialect];
  if (address === undefined) throw new Error(`${dialect} is not open`);
  return address;
}

/** Sends a request and reads its answer. */
export async function ask(address: string, request: string): Promise<{ wire: Wire; answer: WireAnswer }> {
  const wire = await Wire.open(address);
  wire.send(request);
  return { wire, answer: await wire.answer() };
}
