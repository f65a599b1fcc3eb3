import { expect, test } from 'vitest';
import { readStatus, sourceAddress } from './probe.ts';

test.each([
  ['HTTP/1.1 407 Proxy Authentication Required\r\n', 407],
  ['HTTP/1.0 403 \r\n', 403],
  ['HTTP/1.1 40', undefined],
  ['HTTP/1.1 407', undefined],
  ['SSH-2.0-x\r\n', undefined],
])('the status of %o is %o', (head, status) => {
  expect(readStatus(head)).toBe(status);
});

test('every probe has a loopback address of its own', () => {
  const addresses = Array.from({ length: 64_000 }, (_, number) => sourceAddress(number));
  expect(new Set(addresses).size).toBe(64_000);
  expect([addresses[0], addresses[250], addresses.at(-1)]).toEqual(['127.1.0.1', '127.1.1.1', '127.1.255.250']);
});
