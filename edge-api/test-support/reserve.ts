import { ExitImportReport } from '@marvel/shared/api/operator';
import * as v from 'valibot';
import { expect } from 'vitest';
import type { Edge } from './edge.ts';

export interface GivenExit {
  readonly country: string;
  readonly exitIp: string;
  readonly network?: 'residential' | 'isp' | 'datacenter';
  /** Lowers purity by a quarter of itself. Default 0: purity 100, grade S. */
  readonly abuseScore?: number;
  /** From now. Default an hour. */
  readonly livesForMs?: number;
}

/** Puts exits into the Reserve as an operator does, and gives their ids in the same order. */
export async function addExits(edge: Edge, exits: readonly GivenExit[]): Promise<readonly string[]> {
  const reply = await edge.call('POST', '/v1/operator/exits', {
    token: edge.operatorToken,
    body: { exits: exits.map(toLine) },
  });
  const { data } = v.parse(ExitImportReport, reply.json);
  return data.map(({ id, outcome }) => {
    expect(outcome).toBe('added');
    return id ?? '';
  });
}

function toLine({ country, exitIp, network = 'residential', abuseScore = 0, livesForMs = 3_600_000 }: GivenExit) {
  return {
    network,
    country,
    asn: 64_500,
    exit_ip: exitIp,
    transport: { type: 'agent', host: '127.0.0.1', port: 4000, tls: false, token: 'exit-token' },
    expires_at: new Date(Date.now() + livesForMs).toISOString(),
    evidence: {
      reachable: true,
      egress_ip_matches: true,
      egress_country: country,
      egress_network: network,
      tls_intact: true,
      headers_intact: true,
      dns_at_exit: true,
      blocklists: 0,
      abuse_score: abuseScore,
      connect_ms: 10,
      success_percent: 100,
    },
  };
}
