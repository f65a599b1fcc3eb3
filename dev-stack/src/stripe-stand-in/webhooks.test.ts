import { once } from 'node:events';
import { createServer } from 'node:http';
import { text } from 'node:stream/consumers';
import { Stripe } from 'stripe';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { openListener, type Listener } from '../listener.ts';
import { startStripeStandIn, type StripeStandIn } from '../stripe-stand-in.ts';
import { signatureHeader } from './signature.ts';
import { client, secretKey } from './test-client.ts';

const secret = 'whsec_standIn';

interface Delivery {
  readonly body: string;
  readonly signature: string;
}

/** An endpoint that keeps what it gets and answers with `status`. */
interface Receiver extends Listener {
  readonly url: string;
  readonly deliveries: Delivery[];
  status: number;
}

async function openReceiver(): Promise<Receiver> {
  const server = createServer();
  const listener = await openListener(server, { port: 0 });
  const receiver: Receiver = Object.assign(listener, {
    url: `http://127.0.0.1:${listener.port}/hook`,
    deliveries: [],
    status: 200,
  });
  server.on('request', (request, response) => {
    const keep = async (): Promise<void> => {
      const signature = request.headers['stripe-signature'];
      receiver.deliveries.push({
        body: await text(request),
        signature: typeof signature === 'string' ? signature : '',
      });
      response.writeHead(receiver.status).end();
    };
    keep().catch(() => response.destroy());
  });
  return receiver;
}

let receiver: Receiver;
let standIn: StripeStandIn;
let stripe: Stripe;
beforeEach(async () => {
  receiver = await openReceiver();
  standIn = await startStripeStandIn({ port: 0, secretKey, webhook: { url: receiver.url, secret } });
  stripe = client(standIn);
});
afterEach(async () => {
  await standIn[Symbol.asyncDispose]();
  await receiver[Symbol.asyncDispose]();
});

async function openSession(): Promise<string> {
  const session = await stripe.checkout.sessions.create({
    mode: 'payment',
    line_items: [{ quantity: 1, price_data: { currency: 'usd', unit_amount: 900, product_data: { name: 'Ünits ☃' } } }],
    client_reference_id: 'inv_7',
    success_url: 'http://127.0.0.1:9/done',
  });
  return session.id;
}

function opened({ body, signature }: Delivery, withSecret = secret): Stripe.Event {
  return stripe.webhooks.constructEvent(body, signature, withSecret);
}

function receivedTypes(): string[] {
  return receiver.deliveries.map((delivery) => opened(delivery).type);
}

const paymentTypes = ['charge.succeeded', 'checkout.session.completed', 'payment_intent.succeeded'];

describe('a payment', () => {
  test('is told in three events that the real package verifies and reads', async () => {
    const id = await openSession();
    standIn.pay(id);
    await standIn.deliveriesIdle();
    expect(receivedTypes().toSorted()).toEqual(paymentTypes);
    const completed = receiver.deliveries
      .map((delivery) => opened(delivery))
      .find((event) => event.type === 'checkout.session.completed');
    expect(completed).toMatchObject({
      object: 'event',
      api_version: Stripe.API_VERSION,
      livemode: false,
      pending_webhooks: 1,
      request: { id: null, idempotency_key: null },
      data: {
        object: {
          id,
          object: 'checkout.session',
          payment_status: 'paid',
          client_reference_id: 'inv_7',
          amount_total: 900,
        },
      },
    });
    expect(JSON.stringify(completed)).not.toContain('stand_in');
    expect((await stripe.events.retrieve(completed?.id ?? '')).pending_webhooks).toBe(0);
  });

  test('that is declined, expires or ends a subscription is told too, with the request that caused it', async () => {
    standIn.decline(await openSession());
    await stripe.checkout.sessions.expire(await openSession(), {}, { idempotencyKey: 'expire-1' });
    await standIn.deliveriesIdle();
    expect(receivedTypes().toSorted()).toEqual([
      'charge.failed',
      'checkout.session.expired',
      'payment_intent.payment_failed',
    ]);
    const expired = standIn.events().find((event) => event.type === 'checkout.session.expired');
    expect(expired?.request).toEqual({ id: expect.stringMatching(/^req_/) as unknown, idempotency_key: 'expire-1' });
  });

  test('is reversed in events that carry the charge as it is then and as it was', async () => {
    const id = await openSession();
    standIn.pay(id);
    const { payment_intent: intent } = await stripe.checkout.sessions.retrieve(id);
    const payment = typeof intent === 'string' ? intent : '';
    standIn.refund(payment, 400);
    const disputed = standIn.dispute(payment);
    standIn.closeDispute(disputed.ok ? disputed.value.id : '', 'won');
    await standIn.deliveriesIdle();
    expect(receivedTypes().toSorted()).toEqual(
      [
        ...paymentTypes,
        'charge.dispute.closed',
        'charge.dispute.created',
        'charge.dispute.funds_reinstated',
        'charge.dispute.funds_withdrawn',
        'charge.refunded',
        'refund.created',
      ].toSorted(),
    );
    expect(standIn.events().find((event) => event.type === 'charge.refunded')?.data).toMatchObject({
      object: { amount_refunded: 400, refunded: false, payment_intent: payment },
      previous_attributes: { amount_refunded: 0 },
    });
  });
});

describe('a signature', () => {
  test('is the one that the real package makes', () => {
    const payload = '{"id":"evt_1","note":"é"}';
    expect(signatureHeader(payload, secret, 1_700_000_000)).toBe(
      stripe.webhooks.generateTestHeaderString({ payload, secret, timestamp: 1_700_000_000, scheme: 'v1' }),
    );
  });

  test('with another secret or from another time is refused by the real package', async () => {
    standIn.pay(await openSession());
    await standIn.deliveriesIdle();
    receiver.deliveries.length = 0;
    const [event] = standIn.events();
    if (event === undefined) throw new TypeError('no event');
    await standIn.deliver(event.id, { secret: 'whsec_other' });
    await standIn.deliver(event.id, { signedAtSeconds: Math.floor(Date.now() / 1_000) - 3_600 });
    const [forged, old] = receiver.deliveries;
    if (forged === undefined || old === undefined) throw new TypeError('not delivered');
    expect(() => opened(forged)).toThrow('No signatures found matching the expected signature');
    expect(() => opened(old)).toThrow('Timestamp outside the tolerance zone');
  });

  test('follows a change of the secret', async () => {
    standIn.setWebhook({ url: receiver.url, secret: 'whsec_new' });
    standIn.pay(await openSession());
    await standIn.deliveriesIdle();
    expect(receiver.deliveries.map((delivery) => opened(delivery, 'whsec_new').type).toSorted()).toEqual(paymentTypes);
  });
});

describe('a delivery', () => {
  test('is tried again until it is taken', async () => {
    receiver.status = 500;
    standIn.pay(await openSession());
    await vi.waitFor(() => expect(receiver.deliveries.length).toBeGreaterThan(3));
    receiver.status = 200;
    await standIn.deliveriesIdle();
    expect(standIn.events().map((event) => event.pending_webhooks)).toEqual([0, 0, 0]);
    const statuses = standIn.deliveryAttempts().map((attempt) => attempt.status);
    expect([statuses.filter((status) => status === 200).length, statuses[0]]).toEqual([3, 500]);
  });

  test('waits for an endpoint that is away', async () => {
    await receiver.stop();
    standIn.pay(await openSession());
    await vi.waitFor(() =>
      expect(standIn.deliveryAttempts()).toContainEqual(expect.objectContaining({ status: undefined })),
    );
    await receiver.start();
    await standIn.deliveriesIdle();
    expect(receivedTypes().toSorted()).toEqual(paymentTypes);
  });

  test('is kept while deliveries are held, and may come out of order', async () => {
    standIn.holdDeliveries();
    standIn.pay(await openSession());
    await standIn.deliveriesIdle();
    expect(receiver.deliveries).toEqual([]);
    for (const event of standIn.heldEvents().toReversed()) await standIn.deliver(event.id);
    expect(receivedTypes()).toEqual(['checkout.session.completed', 'payment_intent.succeeded', 'charge.succeeded']);
    await standIn.releaseDeliveries('newest-first');
    expect(standIn.heldEvents()).toEqual([]);
    expect(receiver.deliveries).toHaveLength(6);
  });

  test('can be made 50 times at once', async () => {
    standIn.pay(await openSession());
    await standIn.deliveriesIdle();
    const event = standIn.events().at(-1);
    if (event === undefined) throw new TypeError('no event');
    const statuses = await standIn.deliver(event.id, { times: 50 });
    expect(statuses).toEqual(Array.from({ length: 50 }, () => 200));
    expect(new Set(receiver.deliveries.slice(3).map((delivery) => opened(delivery).id))).toEqual(new Set([event.id]));
    expect(receiver.deliveries).toHaveLength(53);
  });

  test('does not happen while the stand-in is down, and does when it is back', async () => {
    const id = await openSession();
    await standIn.stop();
    standIn.pay(id);
    await standIn.deliveriesIdle();
    expect(receiver.deliveries).toEqual([]);
    await standIn.start();
    await standIn.deliveriesIdle();
    expect(receivedTypes().toSorted()).toEqual(paymentTypes);
  });

  test('that hangs does not keep the stand-in from ending', async () => {
    const server = createServer(() => undefined);
    await using hanging = await openListener(server, { port: 0 });
    standIn.setWebhook({ url: `http://127.0.0.1:${hanging.port}/`, secret });
    standIn.pay(await openSession());
    await once(server, 'request');
    await standIn[Symbol.asyncDispose]();
    expect(standIn.events().map((event) => event.pending_webhooks)).toEqual([1, 1, 1]);
  });
});
