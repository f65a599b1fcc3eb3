import { createHmac, randomBytes } from 'node:crypto';
import { makeProxyKey } from '@marvel/shared/key-format';
import { proxyKeyDigestInput } from '@marvel/shared/credential-digest';
import type { Exit, Transport } from '@marvel/shared/exit';
import type { AccountRecord, FleetRecord, KeyRecord } from '@marvel/shared/feed';
import type { Site } from '../site.ts';
import { exitLogin } from '../site.ts';
import type { Topology } from '../workloads.ts';

const account = 'acc_bench';
/** Never spent, whatever the benchmark moves. */
const balanceBytes = 4_000_000_000_000_000;
const exitCount = 4;

/** A fleet of one rich account with one key, and exits in one country. */
export interface MarvelFleet {
  readonly pepper: string;
  readonly key: string;
  readonly records: readonly (FleetRecord | AccountRecord | KeyRecord | Exit)[];
}

/**
 * In one hop the origin plays the agent too, so that as many bytes pass the load's core as with the peers; in two hops
 * every exit is the same proxy with credentials that the peers go through.
 */
export function marvelFleet(site: Site, topology: Topology): MarvelFleet {
  const pepper = randomBytes(32).toString('base64url');
  const key = makeProxyKey('live', (count) => randomBytes(count));
  const transport: Transport =
    topology === 'two-hop'
      ? { type: 'http-connect', host: '127.0.0.1', port: site.exit.port, tls: false, ...exitLogin }
      : { type: 'agent', host: '127.0.0.1', port: site.origin.port, tls: false, token: 'bench' };
  return {
    pepper,
    key,
    records: [
      {
        kind: 'fleet',
        id: 'fleet',
        size: 1,
        policy: { ports: [80, 443], allow: [{ host: '127.0.0.1', port: site.origin.port }], own_addresses: [] },
        maintenance: false,
      },
      { kind: 'account', id: account, status: 'active', balance_bytes: balanceBytes, threads: null },
      {
        kind: 'key',
        id: 'key_bench',
        account,
        digest: createHmac('sha256', pepper).update(proxyKeyDigestInput(key)).digest('base64url'),
        test: false,
        limits: {},
      },
      ...Array.from({ length: exitCount }, (_, index) => exitRecord(`ext_bench${index}`, transport)),
    ],
  };
}

function exitRecord(id: string, transport: Transport): Exit {
  return {
    kind: 'exit',
    id,
    network: 'residential',
    country: 'US',
    state: null,
    city: null,
    asn: 64_500,
    exit_ip: '127.0.0.1',
    transport,
    purity: 95,
    grade: 'S',
    seals: [],
    weight: 1,
    expires_at: '2099-01-01T00:00:00.000Z',
  };
}
