import { exportJWK, generateKeyPair } from 'jose';
import * as fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import * as v from 'valibot';
import {
  compareCursors,
  FeedCursor,
  type FeedPage,
  type FeedPosition,
  FeedRecord,
  feedStart,
  maxClockErrorMs,
  maxPageRecords,
  openFeedPage,
} from './feed.ts';
import {
  importSigningKey,
  importVerificationKeys,
  signDetached,
  type SigningKey,
  type VerificationKeys,
} from './signature.ts';

const nowMs = Date.parse('2026-11-20T12:00:00Z');
const at = (offsetMs: number) => new Date(nowMs + offsetMs).toISOString();
const page: FeedPage = {
  fleet: 'main',
  epoch: 3,
  from: '100.5',
  to: '107.2',
  head: '110.9',
  elsewhere: [],
  issued_at: at(0),
  expires_at: at(60_000),
  records: [{ kind: 'account', id: 'acc_0001', status: 'active', balance_bytes: -5, threads: null }],
};
const position: FeedPosition = { fleet: 'main', epoch: 3, cursor: '100.5', issuedAtMs: nowMs - 1000 };

let signer: SigningKey;
let keys: VerificationKeys;

beforeAll(async () => {
  const { privateKey } = await generateKeyPair('EdDSA', { extractable: true });
  const jwk = { ...(await exportJWK(privateKey)), kid: 'k1' };
  signer = await importSigningKey(jwk);
  keys = await importVerificationKeys([jwk]);
});

const utf8 = (text: string) => new TextEncoder().encode(text);
const encode = (value: unknown) => utf8(JSON.stringify(value));

/** Signs a page and opens it; gives the page or the failure. */
async function open(value: unknown, where: Partial<FeedPosition> = {}, now = nowMs) {
  const body = encode(value);
  const opened = await openFeedPage(
    body,
    await signDetached(body, 'marvel-feed-page', signer),
    keys,
    { ...position, ...where },
    now,
  );
  if (!opened.ok) return opened.error;
  const { skipped, ...opens } = opened.value;
  return skipped.size === 0 ? opens : { ...opens, skipped };
}

/** Opens a body with a signature of its own; gives the failure. */
async function openSigned(body: Uint8Array, jws: string | null, known = keys): Promise<string> {
  const opened = await openFeedPage(body, jws, known, position, nowMs);
  return opened.ok ? 'ok' : opened.error;
}

describe('a page is believed', () => {
  it('without its records of kinds that are not known, which are counted, while known kinds are read strictly', async () => {
    const records = [
      { kind: 'newer', id: 'x', whatever: { deep: [1] } },
      ...page.records,
      { kind: 'newer', id: 'y', must_understand: false },
      { kind: 'tombstone', of: 'newer', id: 'x' },
    ];
    const skipped = new Map([
      ['newer', 2],
      ['tombstone', 1],
    ]);
    expect(await open({ ...page, records })).toEqual({ ...page, skipped });
    const strange = { ...page.records[0], surprise: 1 };
    expect(await open({ ...page, records: [records[0], strange] })).toBe('page_malformed');
  });

  it('when it goes on where the gateway is', async () => {
    expect(await open(page)).toEqual(page);
  });

  it('when it is empty', async () => {
    const empty = { ...page, to: page.from, head: page.from, records: [] };
    expect(await open(empty)).toEqual(empty);
  });

  it('from the start by a gateway that knows nothing, whatever its epoch', async () => {
    const first = { ...page, from: feedStart };
    expect(await open(first, { epoch: 0, cursor: feedStart, issuedAtMs: 0 })).toEqual(first);
  });

  it('when it was issued at the same moment as the one before', async () => {
    expect(await open(page, { issuedAtMs: nowMs })).toEqual(page);
  });

  it('while the clocks differ by no more than is allowed', async () => {
    expect(await open(page, {}, nowMs + 60_000 + maxClockErrorMs)).toEqual(page);
    expect(await open(page, {}, nowMs - maxClockErrorMs)).toEqual(page);
  });
});

describe('a page is not believed', () => {
  it.each<[string, unknown, Partial<FeedPosition>]>([
    ['page_wrong_fleet', { ...page, fleet: 'other' }, {}],
    ['page_older_epoch', { ...page, epoch: 2 }, {}],
    ['page_newer_epoch', { ...page, epoch: 4 }, {}],
    ['page_gap', { ...page, from: '101.5' }, {}],
    ['page_gap', { ...page, from: '100.4' }, {}],
    ['page_gap', page, { cursor: '107.2' }],
    ['page_rollback', { ...page, to: '100.4' }, {}],
    ['page_rollback', { ...page, to: '99.9' }, {}],
    ['page_rollback', { ...page, to: '0' }, {}],
    ['page_rollback', { ...page, head: '107.1' }, {}],
    ['page_rollback', page, { issuedAtMs: nowMs + 1 }],
    ['page_expired', { ...page, issued_at: at(-500), expires_at: at(-maxClockErrorMs - 1) }, {}],
    ['page_from_future', { ...page, issued_at: at(maxClockErrorMs + 1), expires_at: at(1_000_000) }, {}],
  ])('%s', async (failure, value, where) => {
    expect(await open(value, where)).toBe(failure);
  });

  it('page_malformed: when it is no page', async () => {
    const { records: _records, ...incomplete } = page;
    for (const value of [
      null,
      [],
      'x',
      incomplete,
      { ...page, extra: 1 },
      { ...page, fleet: '' },
      { ...page, epoch: 0 },
      { ...page, to: '107' },
      { ...page, issued_at: 'yesterday' },
      { ...page, expires_at: '2026-02-31T00:00:00Z' },
      { ...page, records: [{ kind: 'NONSENSE', id: 'x' }] },
      { ...page, records: [{ kind: 'newer', must_understand: true }] },
      { ...page, records: [{ kind: 'tombstone', of: 'newer', id: 'x', must_understand: true }] },
      { ...page, records: [{ kind: 'tombstone', of: 'key', id: 1 }] },
      { ...page, records: [null] },
      { ...page, records: [{ ...page.records[0], password: 'x' }] },
    ]) {
      expect(await open(value), JSON.stringify(value)).toBe('page_malformed');
    }
  });

  it('page_malformed: when it holds more than one page may', async () => {
    const records = Array.from({ length: maxPageRecords }, () => page.records[0]);
    expect(await open({ ...page, records })).toMatchObject({ to: page.to });
    expect(await open({ ...page, records: [...records, page.records[0]] })).toBe('page_malformed');
  });

  it('signature_...: when its signature is missing, of another kind, by another key, or of other bytes', async () => {
    const body = encode(page);
    const good = await signDetached(body, 'marvel-feed-page', signer);
    const reply = await signDetached(body, 'marvel-usage-reply', signer);
    expect(await openSigned(body, good)).toBe('ok');
    expect(await openSigned(body, null)).toBe('signature_missing');
    expect(await openSigned(body, reply)).toBe('signature_wrong_kind');
    expect(await openSigned(body, good, new Map())).toBe('signature_unknown_key');
    expect(await openSigned(encode({ ...page, epoch: 9 }), good)).toBe('signature_invalid');
  });

  it('for the first reason, in the order signature, shape, fleet, epoch, continuity, order, time', async () => {
    const body = encode('no page');
    expect(await openFeedPage(body, null, keys, position, nowMs)).toEqual({ ok: false, error: 'signature_missing' });

    // Everything is wrong with this one; mended one by one, it gives the next reason each time.
    const mends: readonly (readonly [string, Partial<FeedPage> & { extra?: undefined }])[] = [
      ['page_malformed', { extra: undefined }],
      ['page_wrong_fleet', { fleet: 'main' }],
      ['page_older_epoch', { epoch: 3 }],
      ['page_gap', { from: '100.5' }],
      ['page_rollback', { to: '107.2' }],
      ['page_rollback', { head: '110.9' }],
      ['page_rollback', { issued_at: at(maxClockErrorMs + 1) }],
      ['page_expired', { expires_at: at(1_000_000) }],
      ['page_from_future', { issued_at: at(0) }],
    ];
    let value: object = {
      ...page,
      extra: 1,
      fleet: 'other',
      epoch: 2,
      from: '999.0',
      to: '5.0',
      head: '4.0',
      issued_at: at(-2000),
      expires_at: at(-maxClockErrorMs - 1),
    };
    for (const [failure, mend] of mends) {
      expect(await open(value)).toBe(failure);
      value = { ...value, ...mend };
    }
    expect(await open(value)).toEqual(value);
  });
});

describe('cursors', () => {
  const Part = fc.bigInt({ min: 1n, max: 10n ** 18n - 1n }).map(String);
  const Cursor = fc.oneof(
    { weight: 1, arbitrary: fc.constant(feedStart) },
    { weight: 9, arbitrary: fc.tuple(Part, Part).map(([major, minor]) => `${major}.${minor}`) },
  );

  it('are ordered by transaction, then by place in it, as numbers and not as text', () => {
    const ordered = [
      '0',
      '1.0',
      '1.2',
      '1.10',
      '2.1',
      '9.9',
      '10.0',
      '9007199254740992.5',
      '9007199254740993.1',
      '9007199254740993.2',
      '9007199254740994.0',
    ];
    for (const [index, cursor] of ordered.entries()) {
      expect(v.is(FeedCursor, cursor), cursor).toBe(true);
      for (const [other, against] of ordered.entries()) {
        expect(Math.sign(compareCursors(cursor, against)), `${cursor} and ${against}`).toBe(Math.sign(index - other));
      }
    }
  });

  it('are in one total order', () => {
    fc.assert(
      fc.property(Cursor, Cursor, Cursor, (a, b, c) => {
        expect(Math.sign(compareCursors(a, b))).toBe(-Math.sign(compareCursors(b, a)) + 0);
        expect(compareCursors(a, b) === 0).toBe(a === b);
        if (compareCursors(a, b) <= 0 && compareCursors(b, c) <= 0) return compareCursors(a, c) <= 0;
        return true;
      }),
    );
  });

  it.each([
    '',
    '1',
    '1.',
    '.1',
    '01.1',
    '1.1.1',
    '-1.1',
    '1.-1',
    '1e3.1',
    ' 1.1',
    '1.1\n',
    `1${'0'.repeat(19)}.1`,
    `1.${'0'.repeat(19)}`,
    0,
    null,
  ])('are not %j', (value) => {
    expect(v.is(FeedCursor, value)).toBe(false);
  });
});

describe('a record', () => {
  const digest = 'a'.repeat(43);
  const exit = {
    kind: 'exit',
    id: 'ext_0001',
    network: 'isp',
    country: 'DE',
    state: null,
    city: null,
    asn: 3320,
    exit_ip: '203.0.113.7',
    transport: { type: 'socks5', host: 'proxy.example', port: 1080, tls: false },
    purity: 90,
    grade: 'S',
    seals: ['tls'],
    weight: 1,
    expires_at: at(0),
  };
  const records: readonly Record<string, unknown>[] = [
    { kind: 'account', id: 'acc_0001', status: 'suspended', balance_bytes: 0, threads: 5 },
    { kind: 'key', id: 'key_0001', account: 'acc_0001', digest, test: false, limits: { threads: 1 } },
    { kind: 'sub_user', id: 'su_0001', account: 'acc_0001', username: 'alice', digest, limits: {} },
    {
      kind: 'authorized_source',
      id: 'src_0001',
      account: 'acc_0001',
      sub_user: null,
      source: 'ip',
      addresses: ['203.0.113.7', '::1'],
    },
    {
      kind: 'budget',
      id: 'key_0001/day',
      account: 'acc_0001',
      credential: 'key_0001',
      balance_bytes: -1,
      window_ends_at: at(0),
    },
    exit,
    { ...exit, transport: { type: 'agent', host: '::1', port: 7000, tls: true, token: 't' } },
    { ...exit, transport: { type: 'http-connect', host: 'p', port: 1, tls: true, username: 'u', password: 'p' } },
    {
      kind: 'node',
      id: 'acc_0001/s',
      account: 'acc_0001',
      session: 's',
      exit: 'ext_0001',
      generation: 1,
      expires_at: at(0),
    },
    {
      kind: 'fleet',
      id: 'fleet',
      size: 2,
      policy: { ports: [443], allow: [{ host: '127.0.0.1', port: 8888 }], own_addresses: ['203.0.113.7'] },
      maintenance: false,
    },
    { kind: 'tombstone', of: 'key', id: 'key_0001' },
  ];

  it.each(records)('of kind $kind is read as it is', (record) => {
    expect(v.parse(FeedRecord, record)).toEqual(record);
  });

  it.each(records)('of kind $kind is refused without any one of its members, or with one more', (record) => {
    for (const member of Object.keys(record)) {
      const { [member]: _left, ...incomplete } = record;
      expect(v.is(FeedRecord, incomplete), `without ${member}`).toBe(false);
    }
    expect(v.is(FeedRecord, { ...record, extra: 1 })).toBe(false);
  });

  it.each<[string, object]>([
    ['a grade that is none', { ...exit, grade: 'C' }],
    ['a purity over 100', { ...exit, purity: 101 }],
    ['a weight of zero', { ...exit, weight: 0 }],
    ['an upper-case city', { ...exit, city: 'Munich' }],
    ['an agent without a token', { ...exit, transport: { type: 'agent', host: 'h', port: 1, tls: false } }],
    ['a transport nobody speaks', { ...exit, transport: { type: 'http', host: 'h', port: 1, tls: false } }],
    ['port 0', { ...exit, transport: { type: 'socks5', host: 'h', port: 0, tls: false } }],
    ['a digest of another length', { ...records[1], digest: 'a'.repeat(42) }],
    ['a generation of zero', { ...records[8], generation: 0 }],
    ['a policy for a port that is none', { ...records[9], policy: { ports: [65_536], allow: [], own_addresses: [] } }],
  ])('is refused with %s', (_name, record) => {
    expect(v.is(FeedRecord, record)).toBe(false);
  });
});
