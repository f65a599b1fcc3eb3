import { createHash, randomBytes } from 'node:crypto';
import type {
  AccountRecord,
  AuthorizedSourceRecord,
  BudgetRecord,
  FleetRecord,
  KeyRecord,
  NodeRecord,
  SubUserRecord,
} from '@marvel/shared/feed';
import type { Exit } from '@marvel/shared/exit';

// Records with plausible values, for tests to change where it matters.

export function digestOf(name: string): Buffer {
  return createHash('sha256').update(name).digest();
}

export function accountRecord(id: string, changes: Partial<AccountRecord> = {}): AccountRecord {
  return { kind: 'account', id, status: 'active', balance_bytes: 1_000_000, threads: null, ...changes };
}

export function keyRecord(id: string, changes: Partial<KeyRecord> = {}): KeyRecord {
  const digest = digestOf(id).toString('base64url');
  return { kind: 'key', id, account: 'acc_0001', digest, test: false, limits: {}, ...changes };
}

export function subUserRecord(id: string, changes: Partial<SubUserRecord> = {}): SubUserRecord {
  const digest = digestOf(id).toString('base64url');
  return { kind: 'sub_user', id, account: 'acc_0001', username: `name_${id}`, digest, limits: {}, ...changes };
}

export function sourceRecord(id: string, changes: Partial<AuthorizedSourceRecord> = {}): AuthorizedSourceRecord {
  return {
    kind: 'authorized_source',
    id,
    account: 'acc_0001',
    sub_user: null,
    source: 'ip',
    addresses: ['198.51.100.7'],
    ...changes,
  };
}

export function budgetRecord(id: string, changes: Partial<BudgetRecord> = {}): BudgetRecord {
  const [credential = ''] = id.split('/');
  return { kind: 'budget', id, account: 'acc_0001', credential, balance_bytes: 5000, window_ends_at: null, ...changes };
}

export function nodeRecord(account: string, session: string, changes: Partial<NodeRecord> = {}): NodeRecord {
  const expires_at = '2099-01-01T00:00:00.000Z';
  return {
    kind: 'node',
    id: `${account}/${session}`,
    account,
    session,
    exit: 'ext_0001',
    generation: 1,
    expires_at,
    ...changes,
  };
}

export function exitRecord(id: string, changes: Partial<Exit> = {}): Exit {
  return {
    kind: 'exit',
    id,
    network: 'residential',
    country: 'US',
    state: null,
    city: null,
    asn: 64_500,
    exit_ip: '203.0.113.9',
    transport: { type: 'agent', host: '127.0.0.1', port: 4000, tls: false, token: randomBytes(8).toString('hex') },
    purity: 90,
    grade: 'A',
    seals: [],
    weight: 1,
    expires_at: '2099-01-01T00:00:00.000Z',
    ...changes,
  };
}

export function fleetRecord(changes: Partial<FleetRecord> = {}): FleetRecord {
  const policy = { ports: [443], allow: [], own_addresses: [] };
  return { kind: 'fleet', id: 'fleet', size: 3, policy, maintenance: false, ...changes };
}

/** A record as text, the same however its members are ordered. */
export function canonical(record: unknown): string {
  return JSON.stringify(record, (_name, value: unknown) =>
    typeof value === 'object' && value !== null && !Array.isArray(value)
      ? Object.fromEntries(Object.entries(value).toSorted(([a], [b]) => (a < b ? -1 : 1)))
      : value,
  );
}
