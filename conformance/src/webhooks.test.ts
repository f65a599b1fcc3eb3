import { createStack, type Stack } from '@marvel/dev-stack/create-stack';
import { startWebhookReceiver } from '@marvel/dev-stack/webhook-receiver';
import { WebhookEvent } from '@marvel/shared/api/webhook';
import { verifyWebhook } from '@marvel/shared/webhook-signature';
import * as v from 'valibot';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { Customer, eventually, readJson } from '../test-support/customer.ts';
import { openTunnel } from '../test-support/open-tunnel.ts';

let stack: Stack;
beforeAll(async () => {
  stack = await createStack({ ephemeral: true });
});
afterAll(() => stack[Symbol.asyncDispose]());

async function subscribe(customer: Customer, url: string) {
  const made = await readJson(await customer.call('POST', '/v1/webhook-endpoints', { url }));
  return { id: String(made['id']), secret: String(made['secret']) };
}

async function deliveries(customer: Customer): Promise<readonly Record<string, unknown>[]> {
  const { data } = await readJson(await customer.call('GET', '/v1/webhook-deliveries'));
  return data as readonly Record<string, unknown>[];
}

it('a tunnel through the gateway tells the account of a new address, and of a balance that it emptied', async () => {
  await using receiver = await startWebhookReceiver();
  const customer = await Customer.withBytes(stack.info, 1000);
  const { secret } = await subscribe(customer, receiver.url);
  const { id, key } = await customer.makeKey();
  const socket = await openTunnel({
    gateway: stack.info.gateway.marvel,
    username: key,
    password: 'country-US',
    authority: new URL(stack.info.echo).host,
  });
  socket.on('error', () => undefined).resume();
  socket.write(`GET /bytes/20000 HTTP/1.1\r\nHost: echo\r\nConnection: close\r\n\r\n`);
  const events: WebhookEvent[] = [];
  for (const { body, headers } of await receiver.until(2)) {
    const header = String(headers['marvel-signature']);
    const event = await verifyWebhook({ body, header, secret, nowS: Date.now() / 1000 });
    if (event.ok) events.push(event.value);
  }
  socket.destroy();
  expect(events.map(({ type }) => type).toSorted()).toEqual(['balance.low', 'key.new_source_ip']);
  expect(events.find(({ type }) => type === 'key.new_source_ip')).toMatchObject({
    account_id: customer.accountId,
    data: { credential_id: id, source_ip: '127.0.0.1', first: true },
  });
  expect(events.find(({ type }) => type === 'balance.low')).toMatchObject({ data: { threshold_bytes: 0 } });
});

it('a payment is told of when it is made', async () => {
  await using receiver = await startWebhookReceiver();
  const customer = await Customer.signUp(stack.info);
  const { secret } = await subscribe(customer, receiver.url);
  const { data } = await readJson(await customer.call('GET', '/v1/bundles'));
  const [bundle] = data as readonly { readonly id: string; readonly bytes: number }[];
  const checkout = await readJson(await customer.call('POST', '/v1/checkout', { bundle_id: bundle?.id }));
  const checkoutUrl = String(checkout['checkout_url']);
  const action = /<form[^>]*action="([^"]+)"/.exec(await (await fetch(checkoutUrl)).text())?.[1] ?? checkoutUrl;
  await fetch(new URL(action, checkoutUrl), { method: 'POST', body: new URLSearchParams(), redirect: 'manual' });
  const [first] = await receiver.until(1);
  const header = String(first?.headers['marvel-signature']);
  const told = await verifyWebhook({ body: first?.body ?? '', header, secret, nowS: Date.now() / 1000 });
  const expected = { invoice_id: checkout['invoice_id'], bytes: bundle?.bytes };
  expect(told).toMatchObject({ ok: true, value: { type: 'invoice.paid', data: expected } });
});

it.each([
  ['a redirect', 302, { status: 302, error: 'redirect' }],
  ['a cut connection', undefined, { status: null, error: 'unreachable', response: null }],
] as const)('%s is a failed try, and is not followed', async (_, status, attempt) => {
  await using receiver = await startWebhookReceiver();
  receiver.answer((response) => {
    if (status === undefined) response.destroy();
    else response.writeHead(status, { Location: '/elsewhere' }).end();
  });
  const customer = await Customer.withBytes(stack.info, 1000);
  await subscribe(customer, receiver.url);
  await customer.adjust(stack.info, -1000);
  await receiver.until(1);
  const delivery = await eventually('the try is logged', async () => {
    const [found] = await deliveries(customer);
    return found?.['last_attempt'] === null ? undefined : found;
  });
  expect(delivery).toMatchObject({ status: 'pending', attempts: 1, last_attempt: attempt });
  expect(receiver.received.map(({ path }) => path)).toEqual(['/hook']);
  expect(v.parse(WebhookEvent, JSON.parse(receiver.received[0]?.body ?? '')).type).toBe('balance.low');
});
