import { defaultDestinationPolicy } from '@marvel/shared/destination';
import type { DestinationPolicy } from '@marvel/shared/feed';
import { expect, test } from 'vitest';
import { boundLookups } from './resolve-host.ts';
import { vetDestination } from './vet-destination.ts';

const longMs = 60_000;

/** Vets with a resolver that gives `answers` one after the other; says how often it was asked. */
async function vet(
  host: string,
  port: number,
  answers: readonly (readonly string[])[],
  policy = defaultDestinationPolicy,
) {
  let asked = 0;
  const lookup = boundLookups(() => Promise.resolve(answers[asked++] ?? []));
  return { result: await vetDestination({ host, port }, policy, lookup, longMs), asked };
}

const allowing = (host: string, port: number): DestinationPolicy => ({
  ...defaultDestinationPolicy,
  allow: [{ host, port }],
});
const forbidden = (refusal: string) => ({ ok: false, error: { kind: 'forbidden', refusal } });

test('every address of a public name may be dialled, in the order of the resolver', async () => {
  const addresses = ['2606:4700::1', '93.184.215.14', '93.184.215.15'];
  expect((await vet('example.com', 443, [addresses])).result).toEqual({ ok: true, value: addresses });
});

test('a name is looked up once, so a resolver that turns to a private address afterwards changes nothing', async () => {
  expect(await vet('rebind.example.com', 443, [['93.184.215.14'], ['127.0.0.1']])).toEqual({
    result: { ok: true, value: ['93.184.215.14'] },
    asked: 1,
  });
});

test.each([
  [['127.0.0.1'], 'loopback'],
  [['93.184.215.14', '10.0.0.1'], 'private'],
  [['169.254.169.254', '93.184.215.14'], 'link_local'],
  [['::ffff:10.0.0.1'], 'ipv4_mapped'],
  [['64:ff9b::a00:1'], 'nat64'],
  [['FD00::1'], 'unique_local'],
  [['not-an-address.example'], 'malformed'],
])('a name for %j is refused as %s', async (addresses, refusal) => {
  expect((await vet('example.com', 443, [addresses])).result).toEqual(forbidden(refusal));
});

test.each([
  ['10.0.0.1', 443, 'private'],
  ['localhost', 443, 'local_name'],
  ['metadata.google.internal', 80, 'metadata_name'],
  ['2130706433', 80, 'malformed'],
  ['example.com', 22, 'port'],
  ['example.com', 25, 'port'],
])('%s:%i is refused as %s without a look-up', async (host, port, refusal) => {
  expect(await vet(host, port, [['93.184.215.14']])).toEqual({ result: forbidden(refusal), asked: 0 });
});

test('an own address is refused however it was reached', async () => {
  const policy = { ...defaultDestinationPolicy, own_addresses: ['93.184.215.14'] };
  expect((await vet('93.184.215.14', 443, [], policy)).result).toEqual(forbidden('own_address'));
  expect((await vet('example.com', 443, [['93.184.215.14']], policy)).result).toEqual(forbidden('own_address'));
});

test('a literal address is dialled without a look-up', async () => {
  expect(await vet('93.184.215.14', 443, [])).toEqual({ result: { ok: true, value: ['93.184.215.14'] }, asked: 0 });
});

test('an allow entry lets its name with its addresses through, and its address under any name', async () => {
  expect((await vet('echo.local', 8888, [['127.0.0.1']], allowing('echo.local', 8888))).result).toMatchObject({
    ok: true,
  });
  expect((await vet('example.com', 8443, [['127.0.0.1']], allowing('127.0.0.1', 8443))).result).toMatchObject({
    ok: true,
  });
});

test('an allow entry is for one port, and none opens a port that is never open', async () => {
  const policy = allowing('127.0.0.1', 8888);
  expect((await vet('127.0.0.1', 8889, [], policy)).result).toEqual(forbidden('port'));
  expect((await vet('127.0.0.1', 25, [], allowing('127.0.0.1', 25))).result).toEqual(forbidden('port'));
});

test('an allowed name whose look-up gives no address is never dialled by name', async () => {
  const policy = allowing('echo.local', 8888);
  expect((await vet('echo.local', 8888, [['echo.local']], policy)).result).toEqual(forbidden('malformed'));
});

test('a name without addresses is unresolved', async () => {
  expect((await vet('example.com', 443, [[]])).result).toEqual({ ok: false, error: { kind: 'unresolved' } });
});
