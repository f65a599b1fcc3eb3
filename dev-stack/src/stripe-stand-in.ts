import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { err, ok, type Result } from '@marvel/shared/result';
import type { Stripe } from 'stripe';
import { openListener, type ListenOptions } from './listener.ts';
import { answerApi, type ApiParts } from './stripe-stand-in/api.ts';
import { type CardTry, closeInvoice, payInvoice, renewSubscription } from './stripe-stand-in/billing.ts';
import { createEvent, type Happening } from './stripe-stand-in/event.ts';
import type { Cause, Invoice, StripeEvent, Subscription } from './stripe-stand-in/objects.ts';
import { noSuch, type StripeFailure } from './stripe-stand-in/failure.ts';
import { openIdempotency } from './stripe-stand-in/idempotency.ts';
import {
  declineSession,
  expireSession,
  paySession,
  type SessionClosed,
  type SessionStep,
} from './stripe-stand-in/pay.ts';
import { renderInvoicePage, renderPaymentPage, renderUnknownPage, successUrl } from './stripe-stand-in/payment-page.ts';
import {
  closeDispute,
  disputeCharge,
  findCharge,
  refundCharge,
  type DisputeParams,
  type Reversal,
} from './stripe-stand-in/reversal.ts';
import { openStore, type Store } from './stripe-stand-in/store.ts';
import { cancelSubscription } from './stripe-stand-in/subscription.ts';
import {
  openWebhooks,
  type DeliverOptions,
  type DeliveryAttempt,
  type ReleaseOrder,
  type WebhookEndpoint,
} from './stripe-stand-in/webhooks.ts';

export interface StripeStandInOptions extends ListenOptions {
  /** The only key that the API takes, `sk_test_…`. */
  readonly secretKey: string;
  /** Where events go; may be given later with `setWebhook`. */
  readonly webhook?: WebhookEndpoint;
  /** Where sessions, payments and events live on over a restart. Default: nowhere. */
  readonly stateFile?: string;
}

/** Stands in for Stripe: its HTTP API, its payment page and its webhooks, and the hand of everyone behind it. */
export interface StripeStandIn extends AsyncDisposable {
  readonly port: number;
  readonly url: string;
  readonly secretKey: string;
  /** For `new Stripe(key, options)`. */
  readonly clientOptions: { readonly host: string; readonly port: number; readonly protocol: 'http' };
  setWebhook(endpoint: WebhookEndpoint): void;
  /** Every event, oldest first. */
  events(): readonly StripeEvent[];
  /** Keeps back the events that come from now on. */
  holdDeliveries(): void;
  /** Those that are kept back, oldest first. */
  heldEvents(): readonly StripeEvent[];
  /** Posts what was kept back and holds no more; settles as `deliveriesIdle` does. */
  releaseDeliveries(order?: ReleaseOrder): Promise<void>;
  /**
   * Posts an event now, also one that is held or was taken, without trying again: so many times at once, with another
   * secret, with an old signature. Gives the endpoint's statuses, undefined for no answer.
   */
  deliver(eventId: string, options?: DeliverOptions): Promise<readonly (number | undefined)[]>;
  /** Waits so long before each post; 0 ends it. */
  delayDeliveries(delayMs: number): void;
  /** The last 10,000 tries, oldest first. */
  deliveryAttempts(): readonly DeliveryAttempt[];
  /** Settles when nothing is being posted or waits to be tried again; what is held does not count. */
  deliveriesIdle(): Promise<void>;
  /** As the payer on the page. */
  pay(sessionId: string): Result<Stripe.Checkout.Session['id'], SessionClosed>;
  decline(sessionId: string): Result<Stripe.Checkout.Session['id'], SessionClosed>;
  expire(sessionId: string): Result<Stripe.Checkout.Session['id'], SessionClosed>;
  /**
   * As time does, without waiting for it: a subscription's period is over, and the card on file is tried for the next one.
   * Gives the invoice of that; none when the subscription was to end.
   */
  renew(subscriptionId: string, card?: CardTry): Result<Invoice | undefined, StripeFailure>;
  /** Tries the card again for an open invoice. */
  retryInvoice(invoiceId: string, card?: CardTry): Result<Invoice | undefined, StripeFailure>;
  /** As the merchant, or as Stripe when it gives up. */
  closeInvoice(invoiceId: string, status: 'void' | 'uncollectible'): Result<Invoice, StripeFailure>;
  endSubscription(subscriptionId: string): Result<Subscription, StripeFailure>;
  /** As the merchant in Stripe's dashboard; `id` is a charge or a payment intent, the default amount all that is left. */
  refund(id: string, amount?: number): Result<Stripe.Refund, StripeFailure>;
  /** As the cardholder, and as the bank that decides. */
  dispute(id: string, params?: DisputeParams): Result<Stripe.Dispute, StripeFailure>;
  closeDispute(disputeId: string, outcome: 'won' | 'lost'): Result<Stripe.Dispute, StripeFailure>;
  /** Holds every later request for so long; 0 ends it. */
  delay(delayMs: number): void;
  /** Goes down: refuses connections and posts no event until `start`. */
  stop(): Promise<void>;
  start(): Promise<void>;
}

/** A request of the API is a few kilobytes. */
const maxBodyBytes = 256 * 1024;

/** What a person or a test did, and no API request. */
const noRequest: Cause = { id: null, idempotency_key: null };

function nowSeconds(): number {
  return Math.floor(Date.now() / 1_000);
}

/** The whole body; undefined when it is too long, and then read no further. */
async function readBody(request: IncomingMessage): Promise<string | undefined> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of request.iterator({ destroyOnReturn: false })) {
    if (!Buffer.isBuffer(chunk)) throw new TypeError('a request without an encoding gives buffers');
    length += chunk.length;
    if (length > maxBodyBytes) return undefined;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

function write(response: ServerResponse, status: number, type: string, text: string, headers: object = {}): void {
  const body = Buffer.from(text);
  response.writeHead(status, {
    'Content-Type': type,
    'Content-Length': body.length,
    'Cache-Control': 'no-store',
    ...headers,
  });
  response.end(body);
}

function single(value: string | readonly string[] | undefined): string | undefined {
  return typeof value === 'string' ? value : value?.[0];
}

/**
 * Starts the stand-in on 127.0.0.1.
 *
 * Errors: rejects when `stateFile` is there and is no state of a stand-in, or when the port cannot be had.
 */
export async function startStripeStandIn(options: StripeStandInOptions): Promise<StripeStandIn> {
  const { secretKey } = options;
  const store: Store = await openStore(options.stateFile);
  const webhooks = openWebhooks(store, options.webhook);
  let currentDelayMs = 0;

  function tell(happenings: readonly Happening[], cause: Cause): void {
    for (const happening of happenings) {
      const event = createEvent(happening, cause, nowSeconds());
      store.put(event);
      webhooks.send(event);
    }
  }

  /** Sessions end by themselves; looking is early enough. */
  function expireOverdue(): void {
    for (const session of store.list('checkout.session')) {
      if (session.status === 'open' && session.expires_at <= nowSeconds()) step(expireSession(session.id, store));
    }
  }

  function step(result: Result<SessionStep, SessionClosed>): Result<string, SessionClosed> {
    if (!result.ok) return result;
    tell(result.value.happenings, noRequest);
    return ok(result.value.session.id);
  }

  function reversal<T>(result: Result<Reversal<T>, StripeFailure>): Result<T, StripeFailure> {
    if (!result.ok) return result;
    tell(result.value.happenings, noRequest);
    return ok(result.value.object);
  }

  function answerPage(method: string, id: string, body: string, response: ServerResponse): void {
    const html = 'text/html; charset=utf-8';
    const found = store.get('checkout.session', id);
    if (found === undefined) return write(response, 404, html, renderUnknownPage());
    if (method !== 'POST') return write(response, 200, html, renderPaymentPage(found, 'none'));
    const isPay = new URLSearchParams(body).get('action') !== 'decline';
    const result = isPay ? paySession(id, store, nowSeconds(), payUrl) : declineSession(id, store, nowSeconds());
    step(result);
    if (!result.ok) return write(response, 409, html, renderPaymentPage(found, 'none'));
    const { session } = result.value;
    if (!isPay) return write(response, 402, html, renderPaymentPage(session, 'declined'));
    write(response, 303, 'text/plain', 'paid\n', { Location: successUrl(session) });
  }

  function answerInvoicePage(method: string, id: string, body: string, response: ServerResponse): void {
    const html = 'text/html; charset=utf-8';
    const found = store.get('invoice', id);
    if (found === undefined) return write(response, 404, html, renderUnknownPage());
    if (method !== 'POST') return write(response, 200, html, renderInvoicePage(found, 'none'));
    const isDeclined = new URLSearchParams(body).get('action') === 'decline';
    const paid = payInvoice(id, { isDeclined }, store, nowSeconds());
    if (!paid.ok) return write(response, 409, html, renderInvoicePage(found, 'none'));
    tell(paid.value.happenings, noRequest);
    const after = paid.value.invoice ?? found;
    write(response, isDeclined ? 402 : 200, html, renderInvoicePage(after, isDeclined ? 'declined' : 'none'));
  }

  async function handle(request: IncomingMessage, response: ServerResponse, parts: ApiParts): Promise<void> {
    const body = await readBody(request);
    if (currentDelayMs > 0) await sleep(currentDelayMs);
    if (body === undefined) return write(response, 413, 'text/plain', 'body too large\n', { Connection: 'close' });
    const { method = '', url = '/', headers } = request;
    const [path = '', query = ''] = url.split('?', 2);
    expireOverdue();
    const payPath = /^\/pay\/(\w+)$/.exec(path);
    if (payPath?.[1]?.startsWith('in_') === true) return answerInvoicePage(method, payPath[1], body, response);
    if (payPath !== null) return answerPage(method, payPath[1] ?? '', body, response);
    const answer = answerApi(
      {
        method,
        path,
        query,
        body,
        authorization: headers.authorization,
        idempotencyKey: single(headers['idempotency-key']),
        version: single(headers['stripe-version']),
      },
      parts,
    );
    write(response, answer.status, 'application/json', JSON.stringify(answer.body, undefined, 2), answer.headers);
  }

  const server = createServer((request, response) => {
    const parts: ApiParts = { store, secretKey, tell, idempotency, payUrl };
    handle(request, response, parts).catch(() => response.destroy()); // the client went away in the middle
  });
  const idempotency = openIdempotency();
  const listener = await openListener(server, options);
  const url = `http://${listener.host}:${listener.port}`;
  const payUrl = (id: string): string => `${url}/pay/${id}`;

  return {
    port: listener.port,
    url,
    secretKey,
    clientOptions: { host: listener.host, port: listener.port, protocol: 'http' },
    setWebhook: (endpoint) => webhooks.setEndpoint(endpoint),
    events: () => store.list('event'),
    holdDeliveries: () => webhooks.hold(),
    heldEvents: () => webhooks.held(),
    async releaseDeliveries(order) {
      webhooks.release(order);
      await webhooks.idle();
    },
    async deliver(eventId, how) {
      const event = store.get('event', eventId);
      if (event === undefined) throw new RangeError(`there is no event ${eventId}`);
      const attempts = await webhooks.deliver(event, how);
      return attempts.map((attempt) => attempt.status);
    },
    delayDeliveries: (delayMs) => webhooks.delay(delayMs),
    deliveryAttempts: () => webhooks.attempts(),
    deliveriesIdle: async () => webhooks.idle(),
    pay: (id) => step(paySession(id, store, nowSeconds(), payUrl)),
    decline: (id) => step(declineSession(id, store, nowSeconds())),
    expire: (id) => step(expireSession(id, store)),
    renew(id, card = {}) {
      const renewed = renewSubscription(id, card, store, nowSeconds(), payUrl);
      if (renewed.ok) tell(renewed.value.happenings, noRequest);
      return renewed.ok ? ok(renewed.value.invoice) : renewed;
    },
    retryInvoice(id, card = {}) {
      const paid = payInvoice(id, card, store, nowSeconds());
      if (paid.ok) tell(paid.value.happenings, noRequest);
      return paid.ok ? ok(paid.value.invoice) : paid;
    },
    closeInvoice(id, status) {
      const closed = closeInvoice(id, status, store, nowSeconds());
      if (closed.ok) tell(closed.value.happenings, noRequest);
      return closed.ok ? ok(closed.value.invoice) : closed;
    },
    endSubscription(id) {
      const running = store.get('subscription', id);
      if (running === undefined || running.status === 'canceled') return err(noSuch('subscription', id));
      const ended = cancelSubscription(running, undefined, nowSeconds());
      store.put(ended);
      tell([{ type: 'customer.subscription.deleted', object: ended }], noRequest);
      return ok(ended);
    },
    refund(id, amount) {
      const charge = findCharge(id, 'charge', store);
      if (!charge.ok) return charge;
      const params = { charge: charge.value.id, metadata: {}, ...(amount === undefined ? {} : { amount }) };
      return reversal(refundCharge(params, store, nowSeconds()));
    },
    dispute: (id, params = {}) => reversal(disputeCharge(id, params, store, nowSeconds())),
    closeDispute: (id, outcome) => reversal(closeDispute(id, outcome, store)),
    delay(delayMs) {
      currentDelayMs = delayMs;
    },
    async stop() {
      webhooks.pause();
      await listener.stop();
    },
    async start() {
      await listener.start();
      webhooks.resume();
    },
    async [Symbol.asyncDispose]() {
      await listener.stop();
      await webhooks.close();
      await store.flush();
    },
  };
}
