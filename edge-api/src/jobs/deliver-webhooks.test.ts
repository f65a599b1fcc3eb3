import {
  CreatedWebhookEndpoint,
  WebhookDeliveryLog,
  WebhookDeliveryPage,
  WebhookEndpointList,
  WebhookEvent,
} from '@marvel/shared/api/webhook';
import { verifyWebhook } from '@marvel/shared/webhook-signature';
import * as v from 'valibot';
import { afterAll, afterEach, describe, expect, test } from 'vitest';
import { expectFailure, type SignedUp, startEdge } from '../../test-support/edge.ts';
import { startNameService } from '../../test-support/name-service.ts';
import { type ReceivedWebhook, startWebhookReceiver, type WebhookReceiver } from '@marvel/dev-stack/webhook-receiver';
import { disableAfterMs } from '../domain/webhook-schedule.ts';
import { lookUpPatienceMs } from './deliver-webhooks.ts';

const names = await startNameService();
const edge = await startEdge({ dohUrl: names.url });
const open: AsyncDisposable[] = [];
afterEach(async () => {
  for (const each of open.splice(0)) await each[Symbol.asyncDispose]();
});
afterAll(async () => {
  await edge[Symbol.asyncDispose]();
  await names[Symbol.asyncDispose]();
});

interface Subscriber {
  readonly account: SignedUp;
  readonly receiver: WebhookReceiver;
  readonly endpoint: v.InferOutput<typeof CreatedWebhookEndpoint>;
}

async function subscribe(body: object = {}): Promise<Subscriber> {
  const receiver = await startWebhookReceiver();
  open.push(receiver);
  const account = await edge.signUp(10_000_000_000);
  const reply = await edge.call('POST', '/v1/webhook-endpoints', {
    token: account.token,
    body: { url: receiver.url, ...body },
  });
  return { account, receiver, endpoint: v.parse(CreatedWebhookEndpoint, reply.json) };
}

/** Makes an event without a request: nobody delivers it before the schedule runs. */
async function happen({ account }: Subscriber, data: object = { balance_bytes: 1, threshold_bytes: 2 }): Promise<void> {
  await edge.database.query('select publish_event($1, $2, $3)', [account.accountId, 'balance.low', data]);
}

/** Lets what waits for its time be due. */
async function passTime(): Promise<void> {
  await edge.database.query(`update webhook_delivery set next_attempt_at = now() where status = 'pending'`);
  await edge.database.query('update webhook_endpoint set held_until = null');
}

async function list({ account }: Subscriber, query = '') {
  const reply = await edge.call('GET', `/v1/webhook-deliveries${query}`, { token: account.token });
  return v.parse(WebhookDeliveryPage, reply.json).data;
}

async function log({ account }: Subscriber, id: string) {
  const reply = await edge.call('GET', `/v1/webhook-deliveries/${id}`, { token: account.token });
  return v.parse(WebhookDeliveryLog, reply.json);
}

async function believe({ headers, body }: ReceivedWebhook, secret: string) {
  const header = headers['marvel-signature'];
  if (typeof header !== 'string') throw new Error('no signature');
  return verifyWebhook({ body, header, secret, nowS: Math.floor(Date.now() / 1000) });
}

describe('an event', () => {
  test('comes signed, as JSON, and its delivery tells how it went', async () => {
    const subscriber = await subscribe();
    await happen(subscriber);
    await edge.runScheduled();
    const [request] = subscriber.receiver.received;
    expect(subscriber.receiver.received).toHaveLength(1);
    const event = v.parse(WebhookEvent, JSON.parse(request?.body ?? ''));
    expect(event).toMatchObject({ type: 'balance.low', account_id: subscriber.account.accountId });
    expect(request).toMatchObject({
      method: 'POST',
      path: '/hook',
      headers: { 'content-type': 'application/json', 'marvel-event-id': event.id },
    });
    expect(request === undefined ? undefined : await believe(request, subscriber.endpoint.secret)).toEqual({
      ok: true,
      value: event,
    });
    const [delivery] = await list(subscriber);
    expect(delivery).toMatchObject({
      event_id: event.id,
      event_type: 'balance.low',
      endpoint_id: subscriber.endpoint.id,
      status: 'delivered',
      attempts: 1,
      next_attempt_at: null,
      last_attempt: { number: 1, status: 200, error: null, response: 'taken' },
    });
    expect(await log(subscriber, delivery?.id ?? '')).toMatchObject({ event, log: [{ number: 1 }] });
  });

  test('of many, each comes once and in order, however many deliver at the same time', async () => {
    const subscriber = await subscribe();
    const count = 30;
    for (let index = 0; index < count; index += 1) {
      await happen(subscriber, { balance_bytes: index, threshold_bytes: count });
    }
    await Promise.all(Array.from({ length: 4 }, async () => edge.runScheduled()));
    const balances = subscriber.receiver.received.map(({ body }) => {
      const { data } = v.parse(WebhookEvent, JSON.parse(body));
      return 'balance_bytes' in data ? data.balance_bytes : undefined;
    });
    expect(balances).toEqual(Array.from({ length: count }, (_, index) => index));
  });

  test('is for those endpoints alone that want it', async () => {
    const subscriber = await subscribe({ events: ['invoice.paid'] });
    const all = await edge.call('POST', '/v1/webhook-endpoints', {
      token: subscriber.account.token,
      body: { url: `${subscriber.receiver.url}/all` },
    });
    const { id } = v.parse(CreatedWebhookEndpoint, all.json);
    await happen(subscriber);
    await edge.runScheduled();
    expect(subscriber.receiver.received.map(({ path }) => path)).toEqual(['/hook/all']);
    expect((await list(subscriber, `?endpoint=${id}&status=delivered`)).length).toBe(1);
    expect(await list(subscriber, `?endpoint=${subscriber.endpoint.id}`)).toEqual([]);
    expect(await list(subscriber, '?status=pending')).toEqual([]);
  });

  test('that cannot be sent keeps nothing from other endpoints, and is not tried over and over', async () => {
    const broken = await subscribe();
    await happen(broken, { unknown: true });
    const others = await Promise.all(Array.from({ length: 6 }, async () => subscribe()));
    for (const other of others) await happen(other);
    await edge.runScheduled();
    expect(others.map(({ receiver }) => receiver.received.length)).toEqual(others.map(() => 1));
    expect(broken.receiver.received).toEqual([]);
    const [held] = await edge.database.query('select held_until > now() as held from webhook_endpoint where id = $1', [
      broken.endpoint.id,
    ]);
    expect(held).toEqual({ held: true });
    await edge.database.query('delete from account_event where account_id = $1', [broken.account.accountId]);
  });

  test('that nobody wants to hear of is not kept', async () => {
    const { account } = await subscribe({ events: ['invoice.paid'] });
    await edge.database.query('select publish_event($1, $2, $3)', [account.accountId, 'balance.low', {}]);
    const rows = await edge.database.query('select id from account_event where account_id = $1', [account.accountId]);
    expect(rows).toEqual([]);
  });

  test('is sent right after the request that made it', async () => {
    const { account, receiver } = await subscribe();
    await edge.call('POST', `/v1/operator/accounts/${account.accountId}/adjust`, {
      token: edge.operatorToken,
      body: { bytes: -9_500_000_000, reason: 'test' },
    });
    const [request] = await receiver.until(1);
    expect(JSON.parse(request?.body ?? '')).toMatchObject({
      type: 'balance.low',
      data: { balance_bytes: 500_000_000, threshold_bytes: 1_000_000_000 },
    });
  });
});

describe('a try that fails', () => {
  test.each([
    [
      'a status',
      (response) => response.writeHead(500).end('no\u0000 way'),
      { status: 500, error: 'status', response: 'no\u{fffd} way' },
    ],
    [
      'a long answer',
      (response) => response.writeHead(400).end('x'.repeat(100_000)),
      { status: 400, response: 'x'.repeat(1024) },
    ],
  ] as const satisfies readonly (readonly [string, Parameters<WebhookReceiver['answer']>[0], object])[])(
    '(%s) is logged, and made again later with the same event',
    async (_, answer, attempt) => {
      const subscriber = await subscribe();
      subscriber.receiver.answer(answer);
      await happen(subscriber);
      await edge.runScheduled();
      const [delivery] = await list(subscriber);
      expect(delivery).toMatchObject({ status: 'pending', attempts: 1, last_attempt: attempt });
      const waitMs = Date.parse(delivery?.next_attempt_at ?? '') - Date.parse(delivery?.last_attempt?.at ?? '');
      expect(Math.round(waitMs / 60_000)).toBe(1);
      await edge.runScheduled();
      expect(subscriber.receiver.received).toHaveLength(1);

      subscriber.receiver.answer((response) => response.writeHead(204).end());
      await passTime();
      await edge.runScheduled();
      const [first, second] = subscriber.receiver.received;
      expect(subscriber.receiver.received).toHaveLength(2);
      expect(second?.body).toBe(first?.body);
      expect(await list(subscriber)).toMatchObject([
        { status: 'delivered', attempts: 2, last_attempt: { status: 204 } },
      ]);
    },
  );

  test('lets the endpoint alone for a while, and what else is due for it keeps its order', async () => {
    const subscriber = await subscribe();
    subscriber.receiver.answer((response) => response.writeHead(503).end());
    for (let index = 0; index < 3; index += 1) await happen(subscriber, { balance_bytes: index, threshold_bytes: 9 });
    await edge.runScheduled();
    await edge.runScheduled();
    expect(subscriber.receiver.received).toHaveLength(1);
    subscriber.receiver.answer((response) => response.end());
    await edge.database.query('update webhook_endpoint set held_until = null');
    await edge.runScheduled();
    expect(subscriber.receiver.received).toHaveLength(3);
    expect(await list(subscriber, '?status=pending')).toHaveLength(1);
  });

  test('is the last after ten, and after three days of them the endpoint is off and says so to the others', async () => {
    const subscriber = await subscribe();
    const other = await startWebhookReceiver();
    open.push(other);
    await edge.call('POST', '/v1/webhook-endpoints', {
      token: subscriber.account.token,
      body: { url: other.url, events: ['webhook_endpoint.disabled'] },
    });
    subscriber.receiver.answer((response) => response.writeHead(500).end());
    await happen(subscriber);
    for (let tries = 0; tries < 12; tries += 1) {
      await edge.runScheduled();
      await passTime();
    }
    expect(subscriber.receiver.received).toHaveLength(10);
    expect(await list(subscriber)).toMatchObject([{ status: 'failed', attempts: 10, next_attempt_at: null }]);

    const { id } = subscriber.endpoint;
    const past = new Date(Date.now() - disableAfterMs);
    await edge.database.query('update webhook_endpoint set failing_since = $1 where id = $2', [past, id]);
    await happen(subscriber);
    await happen(subscriber);
    await edge.runScheduled();
    const { token } = subscriber.account;
    const shown = (await edge.call('GET', '/v1/webhook-endpoints', { token })).json;
    expect(shown).toMatchObject({
      data: [{ status: 'enabled' }, { id, status: 'disabled', disabled_reason: 'failing' }],
    });
    await edge.runScheduled();
    expect(JSON.parse(other.received[0]?.body ?? '')).toMatchObject({
      type: 'webhook_endpoint.disabled',
      data: { endpoint_id: id, url: subscriber.receiver.url, failing_since: past.toISOString() },
    });
    expect(await list(subscriber, `?status=pending&endpoint=${id}`)).toEqual([]);

    const [delivery] = await list(subscriber, `?endpoint=${id}`);
    const redeliver = async () => edge.call('POST', `/v1/webhook-deliveries/${delivery?.id}/redeliver`, { token });
    expectFailure(await redeliver(), 'conflict');
    subscriber.receiver.answer((response) => response.end());
    await edge.call('PATCH', `/v1/webhook-endpoints/${id}`, { token, body: { enabled: true } });
    const before = subscriber.receiver.received.length;
    expect((await redeliver()).status).toBe(202);
    await subscriber.receiver.until(before + 1);
  });
});

describe('POST /v1/webhook-deliveries/{id}/redeliver', () => {
  test('sends the same event again, at once', async () => {
    const subscriber = await subscribe();
    await happen(subscriber);
    await edge.runScheduled();
    const [delivery] = await list(subscriber);
    const path = `/v1/webhook-deliveries/${delivery?.id}/redeliver`;
    const reply = await edge.call('POST', path, { token: subscriber.account.token });
    expect([reply.status, reply.json]).toMatchObject([202, { id: delivery?.id, status: 'pending', attempts: 1 }]);
    const [first, second] = await subscriber.receiver.until(2);
    expect(second?.body).toBe(first?.body);
    await edge.runScheduled();
    expect(await log(subscriber, delivery?.id ?? '')).toMatchObject({
      attempts: 2,
      log: [{ number: 1 }, { number: 2 }],
    });
  });

  test("and everything else of another account's is not found", async () => {
    const subscriber = await subscribe();
    await happen(subscriber);
    await edge.runScheduled();
    const [delivery] = await list(subscriber);
    const { token } = await edge.signUp();
    const path = `/v1/webhook-deliveries/${delivery?.id}`;
    expectFailure(await edge.call('POST', `${path}/redeliver`, { token }), 'not_found');
    expectFailure(await edge.call('GET', path, { token }), 'not_found');
    expect(
      (await edge.call('GET', `/v1/webhook-deliveries?endpoint=${subscriber.endpoint.id}`, { token })).json,
    ).toEqual({
      data: [],
      next_cursor: null,
    });
    expect(subscriber.receiver.received).toHaveLength(1);
  });

  test('is refused after a hundred tries', async () => {
    const subscriber = await subscribe();
    await happen(subscriber);
    await edge.database.query('update webhook_delivery set attempts = 100');
    const [delivery] = await list(subscriber);
    const path = `/v1/webhook-deliveries/${delivery?.id}/redeliver`;
    expectFailure(await edge.call('POST', path, { token: subscriber.account.token }), 'conflict');
    await edge.database.query(`update webhook_delivery set status = 'failed', next_attempt_at = null`);
  });
});

test('deliveries come in pages, newest first, none twice', async () => {
  const subscriber = await subscribe();
  for (let index = 0; index < 5; index += 1) await happen(subscriber);
  const ids: string[] = [];
  let cursor: string | null = '';
  for (let pages = 0; cursor !== null && pages < 9; pages += 1) {
    const query: string = cursor === '' ? '?limit=2' : `?limit=2&cursor=${cursor}`;
    const reply = await edge.call('GET', `/v1/webhook-deliveries${query}`, { token: subscriber.account.token });
    const page: v.InferOutput<typeof WebhookDeliveryPage> = v.parse(WebhookDeliveryPage, reply.json);
    ids.push(...page.data.map(({ id }) => id));
    cursor = page.next_cursor;
  }
  expect(ids).toEqual((await list(subscriber)).map(({ id }) => id));
  expect(ids).toHaveLength(5);
  await edge.runScheduled();
});

test('while two secrets are good a delivery is signed with both', async () => {
  const subscriber = await subscribe();
  const { token } = subscriber.account;
  const path = `/v1/webhook-endpoints/${subscriber.endpoint.id}/rotate`;
  const rotated = v.parse(v.looseObject({ secret: v.string() }), (await edge.call('POST', path, { token })).json);
  await happen(subscriber);
  await edge.runScheduled();
  const [both] = subscriber.receiver.received;
  expect(both?.headers['marvel-signature']).toMatch(/^t=\d+,v1=[0-9a-f]{64},v1=[0-9a-f]{64}$/);
  for (const secret of [subscriber.endpoint.secret, rotated.secret]) {
    expect(both === undefined ? undefined : (await believe(both, secret)).ok).toBe(true);
  }
  await edge.database.query('update webhook_endpoint set previous_ends_at = now() where id = $1', [
    subscriber.endpoint.id,
  ]);
  await happen(subscriber);
  await edge.runScheduled();
  const [, one] = subscriber.receiver.received;
  expect(one === undefined ? undefined : await believe(one, subscriber.endpoint.secret)).toMatchObject({ ok: false });
});

test.each([
  ['has an address that is not everybody’s', ['93.184.216.34', '10.0.0.7'], 'address_forbidden'],
  ['has no address', [], 'name_not_found'],
] as const)('a name that %s is sent nothing', async (_, addresses, error) => {
  const subscriber = await subscribe();
  const host = `${error.replaceAll('_', '-')}.example.com`;
  names.set(host, addresses);
  const { token } = subscriber.account;
  const path = `/v1/webhook-endpoints/${subscriber.endpoint.id}`;
  expect((await edge.call('PATCH', path, { token, body: { url: `https://${host}/` } })).status).toBe(200);
  await happen(subscriber);
  await edge.runScheduled();
  expect(await list(subscriber)).toMatchObject([
    { status: 'pending', last_attempt: { status: null, error, response: null } },
  ]);
});

test('a name that cannot be looked up is waited for, and counts as a try that failed once that lasts', async () => {
  const subscriber = await subscribe();
  const host = 'broken.example.com';
  names.set(host, undefined);
  const { token } = subscriber.account;
  const path = `/v1/webhook-endpoints/${subscriber.endpoint.id}`;
  expect((await edge.call('PATCH', path, { token, body: { url: `https://${host}/` } })).status).toBe(200);
  await happen(subscriber);
  await edge.runScheduled();
  expect(await list(subscriber)).toMatchObject([{ status: 'pending', attempts: 0, last_attempt: null }]);
  const past = new Date(Date.now() - lookUpPatienceMs);
  await edge.database.query('update account_event set created_at = $1 where account_id = $2', [
    past,
    subscriber.account.accountId,
  ]);
  await passTime();
  await edge.runScheduled();
  expect(await list(subscriber)).toMatchObject([
    { status: 'pending', attempts: 1, last_attempt: { status: null, error: 'name_not_found' } },
  ]);
  const [endpoint] = v.parse(
    WebhookEndpointList,
    (await edge.call('GET', '/v1/webhook-endpoints', { token })).json,
  ).data;
  expect(endpoint?.failing_since).not.toBeNull();
});
