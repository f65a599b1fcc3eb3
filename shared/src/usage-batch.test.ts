import * as v from 'valibot';
import { describe, expect, it, test } from 'vitest';
import { BudgetId, maxBatchRecords, UsageBatch, UsageReply } from './usage-batch.ts';

const digest = 'a'.repeat(43);
const record: UsageBatch['records'][number] = {
  account: 'acc_0001',
  credential: 'key_0001',
  exit: 'ext_0001',
  country: 'DE',
  network: 'residential',
  dialect: 'marvel',
  bytes_up: 1,
  bytes_down: 2,
  connections: 1,
  refused: { balance_exhausted: 1, target_malformed: 2 },
};
const batch: UsageBatch = {
  gateway: 'gtw_0001',
  boot: '0123456789abcdef0123456789abcdef',
  seq: 1,
  previous: digest,
  opened_at: '2026-11-20T12:00:00Z',
  closed_at: '2026-11-20T12:00:01Z',
  receipt: { secret: digest, root: digest, signature: 'eyJhbGciOiJFZERTQSJ9..c2lnbmF0dXJl' },
  records: [record, { ...record, exit: null, country: null, network: null }],
  leases: [{ budget: 'acc_0001', wanted: 5, returned: 0 }],
  open: [{ credential: 'key_0001', tunnels: 3 }],
  pins: [{ account: 'acc_0001', session: 's', exit: 'ext_0001', generation: 1, expires_at: '2026-11-20T12:10:00Z' }],
  exits: [{ id: 'ext_0001', dials: 2, failures: 1, latency_ms: 30 }],
};
const wrongFields = (schema: v.GenericSchema, value: unknown) =>
  v.safeParse(schema, value).issues?.map((issue) => v.getDotPath(issue));

describe('a batch', () => {
  it('is read as it was written, the first one and an empty one too', () => {
    const empty = { ...batch, previous: null, records: [], leases: [], open: [], pins: [], exits: [] };
    for (const one of [batch, empty]) expect(v.parse(UsageBatch, JSON.parse(JSON.stringify(one)))).toEqual(one);
  });

  it('holds so many lines of a kind and no more', () => {
    const lines = {
      records: record,
      leases: batch.leases[0],
      open: batch.open[0],
      pins: batch.pins[0],
      exits: batch.exits[0],
    };
    for (const [kind, line] of Object.entries(lines)) {
      const full = Array.from({ length: maxBatchRecords }, () => line);
      expect(v.is(UsageBatch, { ...batch, [kind]: full }), kind).toBe(true);
      expect(wrongFields(UsageBatch, { ...batch, [kind]: [...full, line] }), kind).toEqual([kind]);
    }
  });

  it.each<[string, unknown]>([
    ['gateway', 'gtw'],
    ['boot', '0123456789ABCDEF0123456789ABCDEF'],
    ['seq', 0],
    ['seq', 1.5],
    ['previous', 'a'],
    ['receipt.secret', { ...batch.receipt, secret: 'a' }],
    ['receipt.root', { ...batch.receipt, root: `${digest}=` }],
    ['receipt.signature', { ...batch.receipt, signature: 'a.b.c' }],
    ['opened_at', 'now'],
    ['records.0.account', [{ ...record, account: '' }]],
    ['records.0.bytes_up', [{ ...record, bytes_up: -1 }]],
    ['records.0.bytes_down', [{ ...record, bytes_down: 2 ** 53 }]],
    ['records.0.dialect', [{ ...record, dialect: 'http' }]],
    ['records.0.refused.nonsense', [{ ...record, refused: { nonsense: 1 } }]],
    ['records.0.refused.draining', [{ ...record, refused: { draining: -1 } }]],
    ['records.0.host', [{ ...record, host: 'example.com' }]],
    ['leases.0.wanted', [{ budget: 'acc_0001', wanted: -1, returned: 0 }]],
    ['pins.0.generation', [{ ...batch.pins[0], generation: 0 }]],
    ['host', 'example.com'],
  ])('with a wrong %s is refused by that name', (path, value) => {
    expect(wrongFields(UsageBatch, { ...batch, [path.split('.')[0] ?? '']: value })).toEqual([path]);
  });

  it('is refused without any one of its members', () => {
    for (const member of Object.keys(batch)) {
      expect(wrongFields(UsageBatch, { ...batch, [member]: undefined }), member).toEqual([member]);
    }
  });
});

test('a reply is read as it was written, and no lease in it can be negative', () => {
  const answer = { budget: 'key_0001/day', granted: 5, ttl_ms: 3_600_000, free: true, keep: null };
  const reply = { gateway: 'gtw_0001', boot: batch.boot, seq: 1, leases: [answer, { ...answer, keep: 0 }] };
  expect(v.parse(UsageReply, reply)).toEqual(reply);
  expect(wrongFields(UsageReply, { ...reply, leases: [{ ...answer, granted: -1 }] })).toEqual(['leases.0.granted']);
  expect(wrongFields(UsageReply, { ...reply, leases: [{ ...answer, keep: -1 }] })).toEqual(['leases.0.keep']);
});

test('a budget is an account, or one window of a credential', () => {
  for (const id of ['acc_0001', 'key_0001/day', 'su_0001/month', 'key_0001/total'])
    expect(v.is(BudgetId, id), id).toBe(true);
  for (const id of ['acc', 'acc_0001/', 'key_0001/week', 'key_0001/day/day', 'key_0001/DAY', '/day', '']) {
    expect(v.is(BudgetId, id), id).toBe(false);
  }
});
