import { err, ok, type Result } from '@marvel/shared/result';
import * as v from 'valibot';
import { addSession, CreateSession } from './checkout-session.ts';
import { createCustomer, CreateCustomer } from './customer.ts';
import type { Happening } from './event.ts';
import { invalidRequest, noSuch, type StripeFailure } from './failure.ts';
import type { FormTree } from './form.ts';
import { listObjects } from './list.ts';
import { Expand, readParams } from './params.ts';
import { closeInvoice, payInvoice, startSubscription } from './billing.ts';
import { expireSession } from './pay.ts';
import { addPrice, addProduct, CreatePrice, CreateProduct } from './price.ts';
import { CreateRefund, refundCharge } from './reversal.ts';
import type { Kind } from './objects.ts';
import type { Store } from './store.ts';
import {
  cancelSubscription,
  CancelSubscription,
  CreateSubscription,
  readOrder,
  updateSubscription,
  UpdateSubscription,
} from './subscription.ts';

/** What a route works with. */
export interface Call {
  readonly store: Store;
  readonly nowSeconds: number;
  readonly path: string;
  /** The id in the path; empty where there is none. */
  readonly id: string;
  readonly form: FormTree;
  /** Where a session of the id is paid. */
  readonly payUrl: (sessionId: string) => string;
}

/** What a route did: the object to answer with, what to expand in it, and what is to be told by webhook. */
export interface Outcome {
  readonly object: object;
  readonly expand: readonly string[];
  readonly happenings: readonly Happening[];
}

type Answer = Result<Outcome, StripeFailure>;
type Route = (call: Call) => Answer;

/** A route that reads its parameters by a schema first. */
function route<const Schema extends v.GenericSchema<unknown, { readonly expand: readonly string[] }>>(
  schema: Schema,
  run: (params: v.InferOutput<Schema>, call: Call) => Result<Omit<Outcome, 'expand'>, StripeFailure>,
): Route {
  return (call) => {
    const params = readParams(schema, call.form);
    if (!params.ok) return params;
    const done = run(params.value, call);
    return done.ok ? ok({ ...done.value, expand: params.value.expand }) : done;
  };
}

const OnlyExpand = v.strictObject({ expand: Expand });

function retrieve(kind: Kind): Route {
  return route(OnlyExpand, (_, { store, id }) => {
    const object = store.get(kind, id);
    return object === undefined ? err(noSuch(kind, id)) : ok({ object, happenings: [] });
  });
}

function list(kind: Kind): Route {
  return ({ path, form, store }) => {
    const page = listObjects(kind, path, form, store);
    if (!page.ok) return page;
    const expand = readParams(v.object({ expand: Expand }), form);
    return expand.ok ? ok({ object: page.value, expand: expand.value.expand, happenings: [] }) : expand;
  };
}

const createSession = route(CreateSession, (params, { store, nowSeconds, payUrl }) => {
  const session = addSession(params, store, nowSeconds, payUrl);
  return session.ok ? ok({ object: session.value, happenings: [] }) : session;
});

const expireOpenSession = route(OnlyExpand, (_, { store, id }) => {
  const expired = expireSession(id, store);
  if (expired.ok) return ok({ object: expired.value.session, happenings: expired.value.happenings });
  if (expired.error === 'unknown') return err(noSuch('checkout.session', id));
  const message = `Only Checkout Sessions with a status in ["open"] can be expired. This Checkout Session has a status of \`${expired.error}\`.`;
  return err(invalidRequest(undefined, message));
});

const listLineItems: Route = ({ store, id, form }) => {
  const session = store.get('checkout.session', id);
  if (session === undefined) return err(noSuch('checkout.session', id));
  const read = readParams(v.object({ expand: Expand }), form);
  if (!read.ok) return read;
  const { items } = session.stand_in;
  const object = { object: 'list', data: items, has_more: false, url: `/v1/checkout/sessions/${id}/line_items` };
  return ok({ object, expand: read.value.expand, happenings: [] });
};

const createRefund = route(CreateRefund, (params, { store, nowSeconds }) => refundCharge(params, store, nowSeconds));

const addCustomer = route(CreateCustomer, (params, { store, nowSeconds }) => {
  const customer = createCustomer(params, nowSeconds);
  store.put(customer);
  return ok({ object: customer, happenings: [{ type: 'customer.created', object: customer }] });
});

const createProduct = route(CreateProduct, (params, { store, nowSeconds }) => {
  if (params.id !== undefined && store.find(params.id) !== undefined) {
    return err(invalidRequest('resource_already_exists', 'Product already exists.', 'id'));
  }
  return ok({ object: addProduct(params, store, nowSeconds), happenings: [] });
});

const createPrice = route(CreatePrice, (params, { store, nowSeconds }) => {
  const price = addPrice(params, store, nowSeconds);
  return price.ok ? ok({ object: price.value, happenings: [] }) : price;
});

const subscribe = route(CreateSubscription, (params, { store, nowSeconds, payUrl }) => {
  const order = readOrder(params, store, nowSeconds);
  if (!order.ok) return order;
  const { subscription, happenings } = startSubscription(order.value, store, nowSeconds, payUrl);
  return ok({ object: subscription, happenings });
});

const changeSubscription = route(UpdateSubscription, (params, { store, nowSeconds, id }) => {
  const subscription = store.get('subscription', id);
  if (subscription === undefined || subscription.status === 'canceled') return err(noSuch('subscription', id));
  const changed = updateSubscription(subscription, params, nowSeconds);
  store.put(changed);
  return ok({ object: changed, happenings: [{ type: 'customer.subscription.updated', object: changed }] });
});

const endSubscription = route(CancelSubscription, (params, { store, nowSeconds, id }) => {
  const subscription = store.get('subscription', id);
  if (subscription === undefined || subscription.status === 'canceled') return err(noSuch('subscription', id));
  const ended = cancelSubscription(subscription, params.cancellation_details?.comment, nowSeconds);
  store.put(ended);
  return ok({ object: ended, happenings: [{ type: 'customer.subscription.deleted', object: ended }] });
});

function closing(status: 'void' | 'uncollectible'): Route {
  return route(OnlyExpand, (_, { store, nowSeconds, id }) => {
    const closed = closeInvoice(id, status, store, nowSeconds);
    return closed.ok ? ok({ object: closed.value.invoice, happenings: closed.value.happenings }) : closed;
  });
}

const collectInvoice = route(OnlyExpand, (_, { store, nowSeconds, id }) => {
  const paid = payInvoice(id, {}, store, nowSeconds);
  if (!paid.ok) return paid;
  const { invoice, subscription, happenings } = paid.value;
  return ok({ object: invoice ?? subscription, happenings });
});

/** `:id` stands for one segment. */
const routes: Readonly<Record<string, Route>> = {
  'POST /v1/checkout/sessions': createSession,
  'GET /v1/checkout/sessions': list('checkout.session'),
  'GET /v1/checkout/sessions/:id': retrieve('checkout.session'),
  'GET /v1/checkout/sessions/:id/line_items': listLineItems,
  'POST /v1/checkout/sessions/:id/expire': expireOpenSession,
  'GET /v1/payment_intents': list('payment_intent'),
  'GET /v1/payment_intents/:id': retrieve('payment_intent'),
  'GET /v1/charges': list('charge'),
  'GET /v1/charges/:id': retrieve('charge'),
  'POST /v1/refunds': createRefund,
  'GET /v1/refunds': list('refund'),
  'GET /v1/refunds/:id': retrieve('refund'),
  'GET /v1/disputes': list('dispute'),
  'GET /v1/disputes/:id': retrieve('dispute'),
  'GET /v1/events': list('event'),
  'GET /v1/events/:id': retrieve('event'),
  'GET /v1/invoices': list('invoice'),
  'GET /v1/invoices/:id': retrieve('invoice'),
  'POST /v1/invoices/:id/pay': collectInvoice,
  'POST /v1/invoices/:id/void': closing('void'),
  'POST /v1/invoices/:id/mark_uncollectible': closing('uncollectible'),
  'GET /v1/invoice_payments': list('invoice_payment'),
  'GET /v1/invoice_payments/:id': retrieve('invoice_payment'),
  'POST /v1/customers': addCustomer,
  'GET /v1/customers': list('customer'),
  'GET /v1/customers/:id': retrieve('customer'),
  'POST /v1/products': createProduct,
  'GET /v1/products': list('product'),
  'GET /v1/products/:id': retrieve('product'),
  'POST /v1/prices': createPrice,
  'GET /v1/prices': list('price'),
  'GET /v1/prices/:id': retrieve('price'),
  'POST /v1/subscriptions': subscribe,
  'GET /v1/subscriptions': list('subscription'),
  'GET /v1/subscriptions/:id': retrieve('subscription'),
  'POST /v1/subscriptions/:id': changeSubscription,
  'DELETE /v1/subscriptions/:id': endSubscription,
};

/** Finds the route of a request; an id is the first segment that no route names. */
function findRoute(method: string, path: string): { readonly run: Route; readonly id: string } | undefined {
  const exact = routes[`${method} ${path}`];
  if (exact !== undefined) return { run: exact, id: '' };
  const segments = path.split('/');
  for (let index = 3; index < segments.length; index += 1) {
    const template = segments.with(index, ':id').join('/');
    const run = routes[`${method} ${template}`];
    if (run !== undefined) return { run, id: decodeURIComponent(segments[index] ?? '') };
  }
  return undefined;
}

/**
 * Answers one request of the API.
 *
 * Errors: those of the route, and 404 for what is none.
 */
export function answerCall(method: string, call: Omit<Call, 'id'>): Answer {
  const found = findRoute(method, call.path);
  if (found !== undefined) return found.run({ ...call, id: found.id });
  const message = `Unrecognized request URL (${method}: ${call.path}). The stand-in serves only what Marvel uses.`;
  return err({ status: 404, type: 'invalid_request_error', message });
}
