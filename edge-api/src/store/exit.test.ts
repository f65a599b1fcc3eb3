import type { ExitImportLine } from '@marvel/shared/api/operator';
import type { Grade } from '@marvel/shared/exit';
import { expect, test } from 'vitest';
import { openStore } from '../../test-support/store.ts';
import { importExits } from './exit-import.ts';
import { findCandidates, readAvailability } from './exit.ts';
import { deleteNode, findNode, listNodes, saveNode } from './node.ts';

const { db, database, account } = await openStore();

const audit = { action: 'exits.import', target: 'exits', requestId: 'test' };
const evidence = {
  reachable: true,
  egress_ip_matches: true,
  egress_country: 'US',
  egress_network: 'residential',
  tls_intact: true,
  headers_intact: true,
  dns_at_exit: true,
  blocklists: 0,
  abuse_score: 0,
  connect_ms: 1,
  success_percent: 100,
} as const;

let lastByte = 0;
async function add(
  country: string,
  grade: Grade,
  purity: number,
  changes: Partial<ExitImportLine> = {},
): Promise<string> {
  lastByte += 1;
  const line: ExitImportLine = {
    network: 'residential',
    country,
    state: null,
    city: null,
    asn: 64_500,
    exit_ip: `192.0.2.${lastByte}`,
    transport: { type: 'agent', host: '192.0.2.250', port: 4000, tls: false, token: 'token' },
    weight: 100,
    expires_at: new Date(Date.now() + 3_600_000).toISOString(),
    evidence,
    ...changes,
  };
  const imported = await importExits(db, [{ line, purity, grade, seals: ['tls'] }], [], audit);
  if (!imported.ok) throw new Error(imported.error.code);
  const [exit] = imported.value.values();
  return exit?.id ?? '';
}

async function candidates(
  country: string,
  minPurity: number,
  without: readonly string[] = [],
): Promise<readonly string[]> {
  const found = await findCandidates(db, { network: 'residential', country, minPurity, without });
  return found.ok ? found.value.map(({ id }) => id).toSorted() : [found.error.code];
}

test('the candidates are those of the best grade that has any, once purity and exclusions are counted', async () => {
  const [s1, s2] = [await add('US', 'S', 91), await add('US', 'S', 99)];
  const a = await add('US', 'A', 80);
  const b = await add('US', 'B', 65);
  const expired = await add('US', 'S', 99, { expires_at: new Date(Date.now() - 1000).toISOString() });
  await add('US', 'S', 99, { network: 'isp' });
  expect(await candidates('US', 0)).toEqual([s1, s2].toSorted());
  expect(await candidates('US', 95)).toEqual([s2]);
  expect(await candidates('US', 0, [s1, s2])).toEqual([a]);
  expect(await candidates('US', 0, [s1, s2, a])).toEqual([b]);
  expect(await candidates('US', 0, [s1, s2, a, b, expired])).toEqual([]);
  expect(await candidates('DE', 0)).toEqual([]);
});

test('availability counts what is live, and the dials of this hour and the one before', async () => {
  const [good, fair] = [await add('JP', 'S', 100), await add('JP', 'B', 60)];
  const dropped = await add('JP', 'S', 100);
  await database.query(`update exit set dropped_at = now() where id = $1`, [dropped]);
  for (const [exit, hours, dials, failures] of [
    [good, 0, 10, 1],
    [good, 1, 20, 2],
    [good, 5, 1000, 1000],
    [fair, 0, 5, 5],
    [dropped, 0, 7, 7],
  ] as const) {
    await database.query(
      `insert into exit_dial values ($1, date_trunc('hour', now()) - $2 * interval '1 hour', 'gtw_aaaa', $3, $4, 1)`,
      [exit, hours, dials, failures],
    );
  }
  expect(await readAvailability(db, { country: 'JP' })).toEqual({
    ok: true,
    value: [{ country: 'JP', exits: 2, grades: { S: 1, A: 0, B: 1 }, meanPurity: 80, dials: 35, failedDials: 8 }],
  });
  expect(await readAvailability(db, { country: 'FR' })).toEqual({ ok: true, value: [] });
});

test('a session keeps its generation while it keeps its exit, and another exit raises it', async () => {
  const [one, two] = [await add('GB', 'S', 100), await add('GB', 'S', 100)];
  const accountId = await account();
  const pin = { accountId, session: 's', country: 'GB', minPurity: 50, expiresAt: new Date(Date.now() + 60_000) };
  expect(await saveNode(db, { ...pin, exitId: one })).toMatchObject({ value: { generation: 1 } });
  expect(await saveNode(db, { ...pin, exitId: one })).toMatchObject({ value: { generation: 1 } });
  expect(await saveNode(db, { ...pin, exitId: two })).toMatchObject({ value: { generation: 2 } });
  expect(await findNode(db, accountId, 's')).toMatchObject({ value: { generation: 2, exit: { id: two } } });

  await database.query('update exit set dropped_at = now() where id = $1', [two]);
  expect(await findNode(db, accountId, 's')).toEqual({ ok: false, error: { code: 'not_found' } });
  expect(await listNodes(db, accountId)).toEqual({ ok: true, value: [] });
  await saveNode(db, { ...pin, exitId: one });
  expect(await listNodes(db, await account())).toEqual({ ok: true, value: [] });
  expect(await deleteNode(db, accountId, 's')).toEqual({ ok: true, value: undefined });
  expect(await deleteNode(db, accountId, 's')).toEqual({ ok: false, error: { code: 'not_found' } });
});
