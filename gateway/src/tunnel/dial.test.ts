import type { Exit } from '@marvel/shared/exit';
import { beforeAll, expect, onTestFinished, test } from 'vitest';
import { makeBlackHole } from '../../test-support/black-hole.ts';
import { echoes, type ExitScript, ScriptedExit } from '../../test-support/scripted-exit.ts';
import { exitRecord } from '../../test-support/test-gateway.ts';
import { DnsCache } from '../sockets/dns-cache.ts';
import { NativeSockets, nativeEngine } from '../sockets/native-sockets.ts';
import { NodeSockets } from '../sockets/node-sockets.ts';
import { Dial } from './dial.ts';
import type { DialMeans } from './dial-attempt.ts';
import { createExitTrust } from './exit-trust.ts';

// How a dial divides its budget of time. What has to come first is held against another dial with a budget of its own, begun
// in the same moment: on a machine that stands still for a while, timers still fire in their order.

const request = { host: 'example.com', port: 443, requestId: 'id-1' };
let means: DialMeans;

beforeAll(async () => {
  const names = new DnsCache();
  const node = await NodeSockets.open(createExitTrust(), names);
  means = { sockets: new NativeSockets(nativeEngine(), node, names) };
});

async function exitThat(script: ExitScript): Promise<Exit> {
  const exit = await ScriptedExit.start(script);
  onTestFinished(async () => exit[Symbol.asyncDispose]());
  return exitRecord('ext_scripted', exit.port);
}

/** An exit at a literal address from which nothing comes back, not even the answer to the first packet. */
async function unreachable(host: string): Promise<Exit> {
  const port = await makeBlackHole(host);
  return exitRecord('ext_unreachable', port, {
    transport: { type: 'agent', host, port, tls: false, token: 'token' },
  });
}

const saysNothing: ExitScript = () => {};

/** Dials exits one after the other; gives what came of it and which were tried. */
function dial(
  exits: readonly Exit[],
  dialTimeoutMs: number,
  hasOthers = exits.length > 1,
): Promise<{ outcome: string; tried: number }> {
  const [first, ...others] = exits.map((exit, index) => ({ exit: { ...exit, id: `ext_${index}` } }));
  if (first === undefined) throw new Error('no exit');
  let tried = 0;
  return new Promise((resolve) => {
    const plan = {
      first,
      hasOthers,
      next: () => others.shift(),
      report: () => (tried += 1),
      done: (result: Parameters<ConstructorParameters<typeof Dial>[0]['done']>[0]) => {
        if (result.ok) result.value.leg.destroy();
        resolve({ outcome: result.ok ? 'open' : result.error, tried });
      },
    };
    new Dial(plan, request, { dialTimeoutMs }, means).start();
  });
}

test('an exit that does not take the connection is given up after a third of the budget, also when there is no other', async () => {
  const hole = await unreachable('127.0.0.96');
  const silent = await exitThat(saysNothing);
  // Which may be given up only at the end of its own budget, two thirds of that of the other: it has taken the connection.
  const yardstick = dial([silent], 2000).then(() => 'the yardstick');
  const given = await Promise.race([yardstick, dial([hole], 3000)]);
  expect(given).toEqual({ outcome: 'timeout', tried: 1 });
});

test('an exit that does not take the connection leaves time for another', async () => {
  const exits = [await unreachable('127.0.0.95'), await exitThat(echoes)];
  expect(await dial(exits, 2000)).toEqual({ outcome: 'open', tried: 2 });
});

test('exits that say nothing are tried within one budget together', async () => {
  const silent = await exitThat(saysNothing);
  const yardstick = dial([silent], 1800).then(() => 'the yardstick');
  const given = await Promise.race([yardstick, dial([silent, silent, silent, silent], 900)]);
  expect(given).toMatchObject({ outcome: 'timeout' });
});
