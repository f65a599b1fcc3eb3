import { setTimeout as sleep } from 'node:timers/promises';
import type { StripeEvent } from './objects.ts';
import { signatureHeader } from './signature.ts';
import type { Store } from './store.ts';

/** Where events are posted, and what they are signed with. */
export interface WebhookEndpoint {
  readonly url: string;
  /** `whsec_…` */
  readonly secret: string;
}

/** One try to post an event. */
export interface DeliveryAttempt {
  readonly eventId: string;
  readonly type: StripeEvent['type'];
  /** The endpoint's status; undefined when there was no answer. */
  readonly status: number | undefined;
}

/** How a test posts an event itself. */
export interface DeliverOptions {
  /** So many posts at once, up to 200. Default 1. */
  readonly times?: number;
  /** Another secret than the endpoint's. */
  readonly secret?: string;
  /** When the signature says that it was made. Default: now. */
  readonly signedAtSeconds?: number;
}

export type ReleaseOrder = 'oldest-first' | 'newest-first';

/** Posts events to the endpoint: each until it is taken, several at once, in no promised order. */
export interface Webhooks {
  /** Posts an event, or keeps it while deliveries are held. */
  send(event: StripeEvent): void;
  /** Keeps later events back. */
  hold(): void;
  /** Posts what was kept back, the newest first if so wished, and holds no more. */
  release(order?: ReleaseOrder): void;
  /** What is kept back. */
  held(): readonly StripeEvent[];
  /** Posts an event now, held or not, taken or not, without trying again. */
  deliver(event: StripeEvent, options?: DeliverOptions): Promise<readonly DeliveryAttempt[]>;
  setEndpoint(endpoint: WebhookEndpoint): void;
  /** Waits so long before each post. */
  delay(delayMs: number): void;
  /** The last 10,000 tries, oldest first. */
  attempts(): readonly DeliveryAttempt[];
  /** Settles when nothing is being posted or waits to be tried again; what is held does not count. */
  idle(): Promise<void>;
  /** Posts nothing from now on, until `resume`; tries that wait go on afterwards. */
  pause(): void;
  resume(): void;
  /** Gives up what is under way. */
  close(): Promise<void>;
}

const maxAtOnce = 8;
const maxDeliverTimes = 200;
/** Beyond it the oldest unsent event is forgotten; it stays in `GET /v1/events`. */
const maxWaiting = 10_000;
const maxAttemptsKept = 10_000;
const tryTimeoutMs = 10_000;
/** Stripe goes on for three days; a local stack is looked at sooner. These add up to about two and a half minutes. */
const maxTries = 30;
const firstRetryMs = 100;
const maxRetryMs = 5_000;

/** Opens the deliveries; without an endpoint events are only kept. */
export function openWebhooks(store: Store, first: WebhookEndpoint | undefined): Webhooks {
  const waiting: StripeEvent[] = [];
  const kept: StripeEvent[] = [];
  const attempts: DeliveryAttempt[] = [];
  const running = new Set<Promise<void>>();
  const closing = new AbortController();
  let endpoint = first;
  let isHeld = false;
  let isPaused = false;
  let delayMs = 0;
  let idleWaiters: (() => void)[] = [];

  async function post(event: StripeEvent, target: WebhookEndpoint, signedAtSeconds?: number): Promise<DeliveryAttempt> {
    const body = JSON.stringify(event, undefined, 2);
    const signedAt = signedAtSeconds ?? Math.floor(Date.now() / 1_000);
    let status: number | undefined;
    try {
      const response = await fetch(target.url, {
        method: 'POST',
        body,
        redirect: 'manual',
        signal: AbortSignal.any([closing.signal, AbortSignal.timeout(tryTimeoutMs)]),
        headers: {
          'Content-Type': 'application/json; charset=utf-8',
          'User-Agent': 'Stripe/1.0 (+https://stripe.com/docs/webhooks)',
          'Stripe-Signature': signatureHeader(body, target.secret, signedAt),
        },
      });
      ({ status } = response);
      await response.body?.cancel();
    } catch {
      // Refused, cut or too slow: no answer, or one whose rest did not come.
    }
    const attempt = { eventId: event.id, type: event.type, status };
    attempts.push(attempt);
    if (attempts.length > maxAttemptsKept) attempts.shift();
    const isTaken = status !== undefined && status >= 200 && status < 300;
    if (isTaken) store.put({ ...event, pending_webhooks: 0 });
    return attempt;
  }

  /** Posts an event until it is taken. */
  async function insist(event: StripeEvent): Promise<void> {
    for (let tries = 0; tries < maxTries; tries += 1) {
      const retryMs = tries === 0 ? 0 : Math.min(firstRetryMs * 2 ** (tries - 1), maxRetryMs);
      await sleep(delayMs + retryMs, undefined, { signal: closing.signal });
      if (isPaused) {
        waiting.unshift(event);
        return;
      }
      if (endpoint === undefined) return;
      await post(event, endpoint);
      if (store.get('event', event.id)?.pending_webhooks === 0) return;
    }
  }

  function mayPost(): boolean {
    return !isPaused && endpoint !== undefined;
  }

  function work(): void {
    while (mayPost() && running.size < maxAtOnce) {
      const event = waiting.shift();
      if (event === undefined) break;
      const task = insist(event)
        .catch(() => undefined) // closing
        .finally(() => {
          running.delete(task);
          work();
        });
      running.add(task);
    }
    if (running.size > 0 || (waiting.length > 0 && mayPost())) return;
    for (const settle of idleWaiters) settle();
    idleWaiters = [];
  }

  function queue(event: StripeEvent): void {
    waiting.push(event);
    if (waiting.length > maxWaiting) waiting.shift();
    work();
  }

  for (const event of store.list('event')) if (event.pending_webhooks > 0) queue(event);

  return {
    send(event) {
      if (isHeld) kept.push(event);
      else queue(event);
    },
    hold() {
      isHeld = true;
    },
    release(order = 'oldest-first') {
      isHeld = false;
      const events = kept.splice(0);
      for (const event of order === 'newest-first' ? events.toReversed() : events) queue(event);
    },
    held: () => [...kept],
    async deliver(event, { times = 1, secret, signedAtSeconds } = {}) {
      if (endpoint === undefined) throw new TypeError('there is no webhook endpoint to deliver to');
      if (times > maxDeliverTimes) throw new RangeError(`at most ${maxDeliverTimes} deliveries at once`);
      const target = { url: endpoint.url, secret: secret ?? endpoint.secret };
      return Promise.all(Array.from({ length: times }, async () => post(event, target, signedAtSeconds)));
    },
    setEndpoint(next) {
      endpoint = next;
      work();
    },
    delay(nextMs) {
      delayMs = nextMs;
    },
    attempts: () => [...attempts],
    idle: async () =>
      new Promise((resolve) => {
        idleWaiters.push(resolve);
        work();
      }),
    pause() {
      isPaused = true;
    },
    resume() {
      isPaused = false;
      work();
    },
    async close() {
      closing.abort();
      waiting.length = 0;
      await Promise.all(running);
    },
  };
}
