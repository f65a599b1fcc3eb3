import { afterAll, describe, expect, test } from 'vitest';
import { expectFailure, startEdge, type Reply } from '../../test-support/edge.ts';
import { type Operation, readOperations } from '../../test-support/operations.ts';

const edge = await startEdge();
afterAll(async () => edge[Symbol.asyncDispose]());
const someone = await edge.signUp();
const operations = readOperations((await edge.call('GET', '/v1/openapi.json')).json);
const lists = operations
  .filter(({ query }) => query.includes('cursor'))
  .map((operation) => [operation.name, operation] as const);

const message = 'cursor: must be the next_cursor of a page of this list; without it the list begins at its first page';
const time = '2026-11-20T12:00:00.123456Z';
const id = 'abc_0000000000';
/** Where a list may go on, each in the way of some list. */
const places: readonly (readonly unknown[])[] = [[time, id], [7], [id], [time, id, 'marvel', 'no_capacity']];
/** Where none does. */
const noPlaces: readonly (readonly unknown[])[] = [
  [],
  ['x'],
  ['7'],
  [0],
  [-1],
  [1.5],
  [2 ** 53],
  [null],
  [{}],
  [[7]],
  [7, 7],
  [id, id],
  [time],
  ['2026-02-30T12:00:00.123456Z', id],
  ['2026-11-20T12:00:00Z', id],
  [time, "' or 1=1"],
  [time, id, id],
  [time, id, 'marvel'],
  [time, id, 'marvel', 'no_such_code'],
];

/** The name that a list's cursors carry. Operators read the ledger that its account reads. */
function nameOf({ path }: Operation): string {
  return path.endsWith('/ledger') ? 'ledger' : path.slice('/v1/'.length);
}

function encode(value: unknown): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url');
}

async function read({ path, access }: Operation, cursor: string): Promise<Reply> {
  const token = access === 'operator' ? edge.operatorToken : someone.token;
  const query = new URLSearchParams({ cursor, ...(path.endsWith('/chain') ? { gateway: 'gtw_00000000' } : {}) });
  return edge.call('GET', `${path.replace('{id}', someone.accountId)}?${query.toString()}`, { token });
}

/** The cursors that a list could have given. */
async function acceptedBy(operation: Operation): Promise<readonly string[]> {
  const cursors = places.map((place) => encode([nameOf(operation), ...place]));
  const replies = await Promise.all(cursors.map(async (cursor) => read(operation, cursor)));
  return cursors.filter((_, index) => replies[index]?.status === 200);
}

const accepted = new Map<string, readonly string[]>();
for (const [name, operation] of lists) accepted.set(name, await acceptedBy(operation));

test('there are lists', () => {
  expect(lists.length).toBeGreaterThan(12);
});

describe('every list', () => {
  test.each(lists)('%s takes a cursor of its own and refuses those of all others', async (own, operation) => {
    expect(accepted.get(own)).toHaveLength(1);
    const others = lists.filter(([, other]) => nameOf(other) !== nameOf(operation));
    const foreign = others.flatMap(([name]) => accepted.get(name) ?? []);
    for (const reply of await Promise.all(foreign.map(async (cursor) => read(operation, cursor)))) {
      expectFailure(reply, 'invalid', message);
    }
  });

  test.each(lists)(
    '%s refuses what is no cursor, naming the parameter and what it must be',
    async (listed, operation) => {
      const name = nameOf(operation);
      const [own = ''] = accepted.get(listed) ?? [];
      const cursors = [
        '',
        'x',
        "'",
        '7',
        id,
        `${time}~${id}`,
        '%00',
        '\u{1f4a9}',
        'A'.repeat(5),
        'A'.repeat(513),
        encode(null),
        encode(name),
        encode({ 0: name, 1: time, 2: id }),
        encode([7]),
        Buffer.from(`["${name}",`).toString('base64url'),
        Buffer.from([0xff, 0xfe]).toString('base64url'),
        ...noPlaces.map((place) => encode([name, ...place])),
        `${own}=`,
        own.slice(0, -1),
        Buffer.from(` ${Buffer.from(own, 'base64url').toString()}`).toString('base64url'),
      ];
      for (const reply of await Promise.all(cursors.map(async (cursor) => read(operation, cursor)))) {
        expectFailure(reply, 'invalid', message);
      }
    },
  );
});
