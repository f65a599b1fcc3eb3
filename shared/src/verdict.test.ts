import * as v from 'valibot';
import * as fc from 'fast-check';
import { describe, expect, it, test } from 'vitest';
import { Evidence, type ExitClaim, judgeEvidence } from './verdict.ts';

const claim: ExitClaim = { country: 'DE', network: 'residential' };
const clean: Evidence = {
  reachable: true,
  egress_ip_matches: true,
  egress_country: 'DE',
  egress_network: 'residential',
  tls_intact: true,
  headers_intact: true,
  dns_at_exit: true,
  blocklists: 0,
  abuse_score: 0,
  connect_ms: 0,
  success_percent: 100,
};
const judge = (evidence: Partial<Evidence>) => judgeEvidence({ ...clean, ...evidence }, claim);
const rank = (evidence: Evidence) => {
  const verdict = judgeEvidence(evidence, claim);
  return verdict.kind === 'drop' ? -1 : verdict.purity;
};
const allSeals = ['reachable', 'egress', 'geo', 'tls', 'headers', 'network', 'dns', 'reputation', 'stability', 'speed'];

test('an exit that is what it claims gets purity 100, grade S and every seal', () => {
  expect(judge({})).toEqual({ kind: 'pass', purity: 100, grade: 'S', seals: allSeals });
});

test.each<[string, Partial<Evidence>]>([
  ['reachable', { reachable: false }],
  ['egress', { egress_ip_matches: false }],
  ['geo', { egress_country: 'AT' }],
  ['tls', { tls_intact: false }],
  ['reputation', { abuse_score: 90 }],
  ['reputation', { abuse_score: 100 }],
  ['stability', { success_percent: 49 }],
  ['stability', { success_percent: 0 }],
])('the gate %s drops an exit with %j', (gate, evidence) => {
  expect(judge(evidence)).toEqual({ kind: 'drop', gate });
});

test.each<[string, Partial<Evidence>, number]>([
  ['headers', { headers_intact: false }, 80],
  ['network', { egress_network: 'datacenter' }, 75],
  ['dns', { dns_at_exit: false }, 95],
  ['reputation', { abuse_score: 1 }, 99],
  ['reputation', { abuse_score: 4 }, 99],
  ['reputation', { abuse_score: 5 }, 98],
  ['reputation', { abuse_score: 89 }, 77],
  ['reputation', { blocklists: 1 }, 94],
  ['reputation', { blocklists: 5 }, 70],
  ['reputation', { blocklists: 1000 }, 70],
  ['reputation', { blocklists: 1, abuse_score: 8 }, 92],
  ['stability', { success_percent: 99 }, 99],
  ['stability', { success_percent: 98 }, 99],
  ['stability', { success_percent: 50 }, 75],
  ['speed', { connect_ms: 500 }, 98],
  ['speed', { connect_ms: 4999 }, 82],
  ['speed', { connect_ms: 600_000 }, 80],
])('the gate %s takes purity and its seal for %j', (gate, evidence, purity) => {
  expect(judge(evidence)).toMatchObject({ kind: 'pass', purity, seals: allSeals.filter((seal) => seal !== gate) });
});

test('half a second to connect costs nothing below it', () => {
  expect(judge({ connect_ms: 499 })).toMatchObject({ purity: 100, seals: allSeals });
});

test('the first gate that drops is named', () => {
  expect(judge({ reachable: false, tls_intact: false })).toEqual({ kind: 'drop', gate: 'reachable' });
  expect(judge({ egress_country: 'AT', tls_intact: false })).toEqual({ kind: 'drop', gate: 'geo' });
});

test.each([
  ['S', 90, { dns_at_exit: false, success_percent: 90 }],
  ['A', 89, { dns_at_exit: false, success_percent: 88 }],
  ['A', 75, { egress_network: 'isp' }],
  ['B', 74, { egress_network: 'isp', abuse_score: 1 }],
  ['B', 60, { headers_intact: false, success_percent: 60 }],
] as const)('grade %s holds at purity %i', (grade, purity, evidence) => {
  expect(judge(evidence)).toMatchObject({ kind: 'pass', grade, purity });
});

test('below the floor of B nothing is left but the drop', () => {
  expect(judge({ headers_intact: false, success_percent: 60, abuse_score: 1 })).toEqual({
    kind: 'drop',
    gate: 'purity',
  });
  expect(
    judge({
      headers_intact: false,
      egress_network: 'isp',
      dns_at_exit: false,
      blocklists: 9,
      connect_ms: 9999,
      success_percent: 50,
    }),
  ).toEqual({ kind: 'drop', gate: 'purity' });
});

describe('any evidence', () => {
  const AnyEvidence: fc.Arbitrary<Evidence> = fc.record({
    reachable: fc.boolean(),
    egress_ip_matches: fc.boolean(),
    egress_country: fc.constantFrom('DE', 'AT'),
    egress_network: fc.constantFrom('residential' as const, 'isp' as const, 'datacenter' as const),
    tls_intact: fc.boolean(),
    headers_intact: fc.boolean(),
    dns_at_exit: fc.boolean(),
    blocklists: fc.nat(1000),
    abuse_score: fc.nat(100),
    connect_ms: fc.nat(600_000),
    success_percent: fc.nat(100),
  });

  it('gives a whole purity in the range of its grade', () => {
    const floors = { S: [90, 100], A: [75, 89], B: [60, 74] } as const;
    fc.assert(
      fc.property(AnyEvidence, (evidence) => {
        const verdict = judgeEvidence(evidence, claim);
        if (verdict.kind === 'drop') return true;
        const [low, high] = floors[verdict.grade];
        return Number.isInteger(verdict.purity) && verdict.purity >= low && verdict.purity <= high;
      }),
    );
  });

  it('is never judged better for being worse', () => {
    fc.assert(
      fc.property(AnyEvidence, fc.nat(100), (evidence, more) => {
        const worse = [
          { ...evidence, abuse_score: Math.min(100, evidence.abuse_score + more) },
          { ...evidence, blocklists: Math.min(1000, evidence.blocklists + more) },
          { ...evidence, connect_ms: Math.min(600_000, evidence.connect_ms + more * 100) },
          { ...evidence, success_percent: Math.max(0, evidence.success_percent - more) },
          { ...evidence, headers_intact: false },
        ];
        return worse.every((other) => rank(other) <= rank(evidence));
      }),
    );
  });
});

test.each([
  ['reachable', 'yes'],
  ['egress_country', 'de'],
  ['egress_network', 'mobile'],
  ['blocklists', -1],
  ['abuse_score', 101],
  ['abuse_score', 0.5],
  ['connect_ms', 600_001],
  ['success_percent', 101],
])('evidence with a wrong %s names it', (field, value) => {
  const parsed = v.safeParse(Evidence, { ...clean, [field]: value });
  expect(parsed.issues?.map((issue) => v.getDotPath(issue))).toEqual([field]);
});
