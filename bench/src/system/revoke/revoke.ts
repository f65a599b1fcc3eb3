import { setTimeout as pause } from 'node:timers/promises';
import { createStack } from '@marvel/dev-stack/create-stack';
import { type Api, createApi, describeApiFailure, NoBody } from '@marvel/dev-stack/provision/api';
import { CreatedKey } from '@marvel/shared/api/key';
import { percentile } from '../../statistics.ts';
import type { SystemMeasure } from '../system-measure.ts';
import { probe, sourceAddress } from './probe.ts';

const revocations = 500;
const lookRevocations = 20;
const atOnce = 20;
const probeEveryMs = 10;
const knownEveryMs = 100;
/** Deletions are spread over one poll of the feed, since that is what they wait for. */
const spreadMs = 1000;
const noticeLimitMs = 15_000;
const unauthenticated = 407;

/** Where keys are made, revoked and tried. */
interface Scene {
  readonly api: Api;
  readonly token: string;
  readonly gateway: string;
}

/** How long a revoked key still works: from the 204 of its DELETE to the first 407 of a gateway. */
export const revoke: SystemMeasure = {
  group: 'revoke',
  what: `from the 204 of DELETE to the first 407 of a gateway, ${revocations} times`,
  async run(figures, site, extent, signal, say) {
    await site.onAllCores(async () => {
      await using stack = await createStack({ ephemeral: true });
      const scene: Scene = {
        api: createApi(stack.edge.url, signal),
        token: stack.info.account.token,
        gateway: stack.info.gateway.marvel,
      };
      const seconds: number[] = [];
      const wanted = extent.isLook ? lookRevocations : revocations;
      for (let first = 0; first < wanted && !signal.aborted; first += atOnce) {
        const numbers = Array.from({ length: atOnce }, (_, index) => first + index);
        seconds.push(...(await Promise.all(numbers.map(async (number) => revokeOne(scene, number)))));
      }
      say(`  revoke: ${seconds.length} keys revoked`);
      for (const percent of [50, 99, 100]) {
        const value = percentile(seconds, percent);
        if (value !== undefined) figures.add(`revoke: ${percent === 100 ? 'longest' : `p${percent}`}`, 's', value);
      }
    });
  },
};

async function revokeOne({ api, token, gateway }: Scene, number: number): Promise<number> {
  const from = sourceAddress(number);
  const made = await api.call({ method: 'POST', path: '/v1/keys', token, body: {}, reply: CreatedKey });
  if (!made.ok) throw new Error(describeApiFailure(made.error));
  const { id, key } = made.value;
  await until(async () => !isRefused(await probe(gateway, key, from)), knownEveryMs, 'a new key is not known');
  await pause(Math.random() * spreadMs);
  const deleted = await api.call({ method: 'DELETE', path: `/v1/keys/${id}`, token, reply: NoBody });
  if (!deleted.ok) throw new Error(describeApiFailure(deleted.error));
  const deletedMs = performance.now();
  await until(async () => isRefused(await probe(gateway, key, from)), probeEveryMs, 'a revoked key still works');
  return (performance.now() - deletedMs) / 1000;
}

/** Errors: throws when there was no answer, which is neither yes nor no. */
function isRefused(status: number): boolean {
  if (status === 0) throw new Error('the gateway did not answer a probe');
  return status === unauthenticated;
}

async function until(holds: () => Promise<boolean>, everyMs: number, otherwise: string): Promise<void> {
  for (const endsAt = performance.now() + noticeLimitMs; performance.now() < endsAt;) {
    if (await holds()) return;
    await pause(everyMs);
  }
  throw new Error(`${otherwise} after ${noticeLimitMs} ms`);
}
