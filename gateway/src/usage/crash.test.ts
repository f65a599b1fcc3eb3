import { type ChildProcess, spawn } from 'node:child_process';
import { generateKeyPairSync, type JsonWebKey } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { importSigningKey, importVerificationKeys } from '@marvel/shared/signature';
import { afterEach, expect, test } from 'vitest';
import { startEdge } from '../../test-support/scripted-edge.ts';
import { SettlingEdge } from '../../test-support/settling-edge.ts';

const open: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of open.splice(0).toReversed()) await close();
});

function newKey(kid: string): JsonWebKey & { kid: string } {
  return { ...generateKeyPairSync('ed25519').privateKey.export({ format: 'jwk' }), kid };
}

async function keyPair(jwk: JsonWebKey & { kid: string }) {
  return { signer: await importSigningKey(jwk), keys: await importVerificationKeys([jwk]) };
}

async function setUp() {
  const [signingKey, edgeKey] = [newKey('gtw_0001'), newKey('feed-1')];
  const edge = new SettlingEdge(await keyPair(edgeKey), (await keyPair(signingKey)).keys);
  const server = await startEdge((call) => edge.answer(call));
  const directory = await mkdtemp(join(tmpdir(), 'crash-'));
  open.push(
    () => rm(directory, { recursive: true }),
    () => server.stop(),
  );
  const start = (spends: boolean): ChildProcess => {
    const env = {
      ...process.env,
      USAGE_CHILD: JSON.stringify({ url: server.url, directory, signingKey, edgeKey, spends }),
    };
    const script = fileURLToPath(new URL('../../test-support/usage-child.ts', import.meta.url));
    const child = spawn(process.execPath, [script], { env, stdio: ['ignore', 'pipe', 'inherit'] });
    open.push(async () => child.kill('SIGKILL'));
    return child;
  };
  return { edge, server, directory, start };
}

/** Lets a child spend until it has said so often that something is sealed, and kills it. Gives the bytes it had sealed for certain. */
async function spendAndDie(child: ChildProcess, times: number): Promise<number> {
  if (child.stdout === null) throw new Error('the child has no stdout');
  let sealed = 0;
  let said = 0;
  for await (const line of createInterface({ input: child.stdout })) {
    sealed = Number(line);
    said += 1;
    if (said >= times) break;
  }
  const exited = once(child, 'exit');
  child.kill('SIGKILL');
  await exited;
  return sealed;
}

async function finish(child: ChildProcess): Promise<void> {
  const [code] = (await once(child, 'exit')) as [number | null];
  expect(code).toBe(0);
}

test('killed with the edge away, every sealed batch is posted by a later boot, once and in order', async () => {
  const { edge, directory, server, start } = await setUp();
  await server.stop();
  let sealed = 0;
  for (const times of [20, 5, 10]) sealed += await spendAndDie(start(true), times);
  expect(sealed).toBeGreaterThan(0);
  await server.listen();
  await finish(start(false));
  expect(edge.spent('acc_0001')).toBeGreaterThanOrEqual(sealed);
  expect(edge.complaints).toEqual([]);
  expect((await readdir(join(directory, 'outbox'))).map((name) => name.split('.').at(-1))).toEqual(['done']);
});

test('killed again and again in the middle of posting, nothing sealed is lost and nothing counts twice', async () => {
  const { edge, start } = await setUp();
  let sealed = 0;
  for (const times of [1, 7, 3, 12]) sealed += await spendAndDie(start(true), times);
  await finish(start(false));
  expect(edge.spent('acc_0001')).toBeGreaterThanOrEqual(sealed);
  // Bytes come one by one: a batch counted twice would break the chain, which the edge checks, and so would one left out.
  expect(edge.complaints).toEqual([]);
  expect(new Set(edge.settled.map((batch) => `${batch.boot}/${batch.seq}`)).size).toBe(edge.settled.length);
});
