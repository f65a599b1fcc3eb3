import { expect, test } from 'vitest';
import { boundLookups, resolveHost } from './resolve-host.ts';

const longMs = 60_000;

test('the system knows localhost', async () => {
  const addresses = await resolveHost('localhost');
  expect(['127.0.0.1', '::1']).toEqual(expect.arrayContaining([...addresses]));
  expect(addresses).not.toHaveLength(0);
});

test('a name that cannot exist has no address', async () => {
  expect(await resolveHost('a..b')).toEqual([]);
});

test('an answer that does not come in time is none', async () => {
  const lookup = boundLookups(() => new Promise(() => {}));
  expect(await lookup('slow.example', 1)).toEqual({ ok: true, value: [] });
});

test('a name that many want at once is looked up once', async () => {
  const answers: (() => void)[] = [];
  const lookup = boundLookups(() => new Promise((resolve) => answers.push(() => resolve(['192.0.2.1']))));
  const asked = [lookup('exit.example', longMs), lookup('exit.example', longMs)];
  expect(answers).toHaveLength(1);
  answers[0]?.();
  expect(await Promise.all(asked)).toEqual([
    { ok: true, value: ['192.0.2.1'] },
    { ok: true, value: ['192.0.2.1'] },
  ]);
  // What was answered is not kept: the next who wants it asks again.
  const again = lookup('exit.example', longMs);
  expect(answers).toHaveLength(2);
  answers[1]?.();
  expect(await again).toEqual({ ok: true, value: ['192.0.2.1'] });
});

test('look-ups given up on count until they are answered, so that they cannot pile up without end', async () => {
  const answers: (() => void)[] = [];
  const lookup = boundLookups(() => new Promise((resolve) => answers.push(() => resolve(['192.0.2.1']))));
  await Promise.all(Array.from({ length: 1024 }, (_, index) => lookup(`slow-${index}.example`, 0)));
  expect(await lookup('slow.example', longMs)).toEqual({ ok: false, error: 'busy' });
  answers[0]?.();
  await new Promise((resolve) => setImmediate(resolve));
  const next = lookup('slow.example', longMs);
  answers.at(-1)?.();
  expect(await next).toEqual({ ok: true, value: ['192.0.2.1'] });
});
