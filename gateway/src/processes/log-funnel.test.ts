import { closeSync, openSync, readFileSync } from 'node:fs';
import { once } from 'node:events';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { expect, test } from 'vitest';
import { temporaryDirectory } from '../../test-support/temporary-directory.ts';
import { openLogFunnel } from './log-funnel.ts';

async function say(stream: PassThrough, bytes: Buffer | string): Promise<void> {
  stream.write(bytes);
  await new Promise(setImmediate);
}

test('lines of several processes come whole, however they were cut, and half a line is ended', async () => {
  const file = join(await temporaryDirectory(), 'log');
  const fd = openSync(file, 'w');
  const funnel = openLogFunnel('info', fd);
  const [one, two] = [new PassThrough(), new PassThrough()];
  funnel.take(one);
  funnel.take(two);
  await say(one, '{"a":');
  await say(two, '{"b":1}\n{"c":');
  const euro = Buffer.from('"€"}\n');
  await say(one, euro.subarray(0, 2));
  await say(one, euro.subarray(2));
  funnel.note('info', 'own', {});
  two.end('2');
  await once(two, 'end');
  await funnel.flush();
  closeSync(fd);
  const lines = readFileSync(file, 'utf8').split('\n');
  expect(lines.slice(0, 2)).toEqual(['{"b":1}', '{"a":"€"}']);
  expect(lines[2]).toContain('"event":"own"');
  expect(lines.slice(3)).toEqual(['{"c":2', '']);
});
