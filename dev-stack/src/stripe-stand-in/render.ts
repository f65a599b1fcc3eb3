import { publicSession } from './checkout-session.ts';
import type { Invoice, SessionRecord } from './objects.ts';
import type { Store } from './store.ts';

/** How deep Stripe lets `expand` go. */
const maxExpandDepth = 4;

function isSession(object: object): object is SessionRecord {
  return 'stand_in' in object;
}

function lineItemsOf(session: SessionRecord): object {
  const url = `/v1/checkout/sessions/${session.id}/line_items`;
  return { object: 'list', data: session.stand_in.items, has_more: false, url };
}

/** The value with the objects in place of the ids along one path. */
function expandPath(value: unknown, path: readonly string[], store: Store): unknown {
  if (typeof value === 'string') {
    const found = store.find(value);
    return found === undefined ? value : expandPath(renderPlain(found, path, store), path, store);
  }
  const [name, ...rest] = path;
  if (typeof value !== 'object' || value === null || name === undefined) return value;
  if (Array.isArray(value)) return value.map((entry: unknown) => expandPath(entry, path, store));
  const next: unknown = Reflect.get(value, name);
  return next === undefined ? value : { ...value, [name]: expandPath(next, rest, store) };
}

function isInvoice(object: object): object is Invoice {
  return 'object' in object && object.object === 'invoice';
}

function paymentsOf(invoice: Invoice, store: Store): object {
  const data = store.list('invoice_payment').filter((payment) => payment.invoice === invoice.id);
  return { object: 'list', data, has_more: false, url: `/v1/invoice_payments?invoice=${invoice.id}` };
}

function renderPlain(object: object, expand: readonly string[], store: Store): object {
  if (isInvoice(object) && expand.some((path) => path.split('.')[0] === 'payments')) {
    return { ...object, payments: paymentsOf(object, store) };
  }
  if (!isSession(object)) return object;
  const wantsItems = expand.some((path) => path.split('.')[0] === 'line_items');
  return { ...publicSession(object), ...(wantsItems ? { line_items: lineItemsOf(object) } : {}) };
}

/**
 * Writes an object as the API answers it, with the paths of `expand` filled in.
 *
 * `line_items` of a session and `payments` of an invoice are there only when they are asked for, as with Stripe.
 */
export function render(object: object, expand: readonly string[], store: Store): object {
  if ('data' in object && Array.isArray(object.data)) {
    const inner = expand.filter((path) => path.startsWith('data.')).map((path) => path.slice('data.'.length));
    const data = object.data.map((entry: unknown) =>
      typeof entry === 'object' && entry !== null ? render(entry, inner, store) : entry,
    );
    return { ...object, data };
  }
  let rendered: unknown = renderPlain(object, expand, store);
  for (const path of expand) rendered = expandPath(rendered, path.split('.').slice(0, maxExpandDepth), store);
  return typeof rendered === 'object' && rendered !== null ? rendered : object;
}
