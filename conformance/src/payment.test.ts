import { createStack, type Stack } from '@marvel/dev-stack/create-stack';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Customer, eventually, readJson } from '../test-support/customer.ts';

let stack: Stack;
beforeAll(async () => {
  stack = await createStack({ ephemeral: true });
});
afterAll(() => stack[Symbol.asyncDispose]());

interface Bundle {
  readonly id: string;
  readonly bytes: number;
}

async function firstBundle(): Promise<Bundle> {
  const bundles: unknown = await (await fetch(`${stack.info.api}/v1/bundles`)).json();
  const [bundle] = (Array.isArray(bundles) ? bundles : (bundles as { data: unknown[] }).data) as Bundle[];
  if (bundle === undefined) throw new Error('the stack sells no bundle');
  return bundle;
}

/** Buys a bundle up to the payment page, and gives the page's address. */
async function startCheckout(customer: Customer, bundle: Bundle): Promise<string> {
  const checkout = await readJson(await customer.call('POST', '/v1/checkout', { bundle_id: bundle.id }));
  expect(checkout['invoice_id']).toMatch(/^inv_/);
  return String(checkout['checkout_url']);
}

/** Fills in the page's form as a browser would: posts it to its own action. */
async function pay(checkoutUrl: string): Promise<void> {
  const page = await (await fetch(checkoutUrl)).text();
  const action = /<form[^>]*action="([^"]+)"/.exec(page)?.[1] ?? checkoutUrl;
  const response = await fetch(new URL(action, checkoutUrl), {
    method: 'POST',
    body: new URLSearchParams(),
    redirect: 'manual',
  });
  expect([302, 303]).toContain(response.status);
}

describe('buying a bundle', () => {
  it('raises the balance when the webhook lands, and not before', async () => {
    const customer = await Customer.signUp(stack.info);
    const bundle = await firstBundle();
    const checkoutUrl = await startCheckout(customer, bundle);
    stack.stripe.holdDeliveries();
    await pay(checkoutUrl);
    expect(await customer.balanceBytes()).toBe(0);
    await stack.stripe.releaseDeliveries();
    expect(await customer.balanceSettledAt(bundle.bytes)).toBe(bundle.bytes);
  });

  it('credits once when each event is delivered 50 times at once, in reverse order', async () => {
    const customer = await Customer.signUp(stack.info);
    const bundle = await firstBundle();
    const checkoutUrl = await startCheckout(customer, bundle);
    stack.stripe.holdDeliveries();
    await pay(checkoutUrl);
    const events = stack.stripe.heldEvents().toReversed();
    expect(events.length).toBeGreaterThan(1);
    for (const event of events) {
      const statuses = await stack.stripe.deliver(event.id, { times: 50 });
      expect(new Set(statuses)).toEqual(new Set([200]));
    }
    await stack.stripe.releaseDeliveries();
    expect(await customer.balanceBytes()).toBe(bundle.bytes);
  });

  it('answers a bad signature with 400 and changes nothing', async () => {
    const customer = await Customer.signUp(stack.info);
    const bundle = await firstBundle();
    stack.stripe.holdDeliveries();
    await pay(await startCheckout(customer, bundle));
    for (const event of stack.stripe.heldEvents()) {
      const response = await fetch(`${stack.info.api}/v1/webhooks/stripe`, {
        method: 'POST',
        headers: {
          'stripe-signature': `t=${Math.floor(Date.now() / 1000)},v1=${'0'.repeat(64)}`,
          'content-type': 'application/json',
        },
        body: JSON.stringify(event),
      });
      expect(response.status).toBe(400);
    }
    expect(await customer.balanceBytes()).toBe(0);
    await stack.stripe.releaseDeliveries();
    expect(await customer.balanceSettledAt(bundle.bytes)).toBe(bundle.bytes);
  });

  it('answers 503 and makes no invoice payable while Stripe is away', async () => {
    const customer = await Customer.signUp(stack.info);
    const bundle = await firstBundle();
    await stack.stripe.stop();
    const response = await customer.call('POST', '/v1/checkout', { bundle_id: bundle.id });
    await stack.stripe.start();
    expect(response.status).toBe(503);
    expect(response.headers.get('x-marvel-error')).toBe('unavailable');
    await eventually('checkout works again', async () =>
      (await customer.call('POST', '/v1/checkout', { bundle_id: bundle.id })).status === 201 ? true : undefined,
    );
  });
});
