import { err, ok, type Result } from '@marvel/shared/result';
import * as v from 'valibot';
import { invalidRequest, noSuch, type StripeFailure } from './failure.ts';
import type { FormTree } from './form.ts';
import { listOf, PageParams, readParams, Text } from './params.ts';
import type { Kind, Kinds } from './objects.ts';
import type { Store } from './store.ts';

/** The fields by which each kind can be filtered. */
const filterNames: { readonly [K in Kind]: readonly string[] } = {
  'checkout.session': ['customer', 'payment_intent', 'status', 'subscription'],
  charge: ['customer', 'payment_intent'],
  customer: ['email'],
  dispute: ['charge', 'payment_intent'],
  event: ['type', 'types'],
  invoice: ['customer', 'status'],
  invoice_payment: ['invoice', 'status'],
  payment_intent: ['customer'],
  price: ['active', 'currency', 'product', 'type'],
  product: ['active'],
  refund: ['charge', 'payment_intent'],
  subscription: ['customer', 'status'],
};

const ListParams = v.objectWithRest(PageParams, v.union([v.string(), listOf(Text, 20)]));
type ListParams = v.InferOutput<typeof ListParams>;

/** A page of a list, newest first. */
export interface Page<T> {
  readonly object: 'list';
  readonly data: readonly T[];
  readonly has_more: boolean;
  readonly url: string;
}

function field(object: object, name: string): string {
  return String(Reflect.get(object, name));
}

function matches(object: Kinds[Kind], filters: readonly (readonly [string, unknown])[]): boolean {
  return filters.every(([name, wanted]) => {
    if (name === 'types') return Array.isArray(wanted) && wanted.includes(field(object, 'type'));
    if (name === 'status' && wanted === 'all') return true;
    return field(object, name) === wanted;
  });
}

function isInRange(created: number, range: ListParams['created']): boolean {
  if (range === undefined) return true;
  if (typeof range === 'number') return created === range;
  const { gt = -Infinity, gte = -Infinity, lt = Infinity, lte = Infinity } = range;
  return created > gt && created >= gte && created < lt && created <= lte;
}

/** Where the object with the id stands; the cursor of a page has to be in the list that is paged through. */
function indexOf(
  objects: readonly { readonly id: string }[],
  id: string,
  kind: Kind,
  param: string,
): Result<number, StripeFailure> {
  const index = objects.findIndex((object) => object.id === id);
  return index < 0 ? err(noSuch(kind, id, param)) : ok(index);
}

/**
 * Lists the objects of a kind by the parameters of a query, at most 100 at once.
 *
 * Errors: `parameter_unknown` for a filter that the kind does not have, `resource_missing` for a cursor.
 */
export function listObjects<K extends Kind>(
  kind: K,
  url: string,
  form: FormTree,
  store: Store,
): Result<Page<Kinds[K]>, StripeFailure> {
  const read = readParams(ListParams, form);
  if (!read.ok) return read;
  const { limit, created, starting_after: after, ending_before: before, expand: _, ...rest } = read.value;
  const filters = Object.entries(rest);
  const unknown = filters.find(([name]) => !filterNames[kind].includes(name));
  if (unknown !== undefined)
    return err(invalidRequest('parameter_unknown', `Received unknown parameter: ${unknown[0]}`, unknown[0]));

  // A list of subscriptions leaves out the cancelled ones unless it asks for a status.
  const isHidden = (object: Kinds[K]): boolean =>
    object.object === 'subscription' && rest['status'] === undefined && object.status === 'canceled';
  const objects = store
    .list(kind)
    .filter((object) => !isHidden(object) && matches(object, filters) && isInRange(object.created, created))
    .toReversed();

  let start = 0;
  let end = objects.length;
  if (after !== undefined) {
    const index = indexOf(objects, after, kind, 'starting_after');
    if (!index.ok) return index;
    start = index.value + 1;
    end = start + limit;
  } else if (before !== undefined) {
    const index = indexOf(objects, before, kind, 'ending_before');
    if (!index.ok) return index;
    start = Math.max(0, index.value - limit);
    end = index.value;
    return ok({ object: 'list', data: objects.slice(start, end), has_more: start > 0, url });
  } else {
    end = limit;
  }
  return ok({ object: 'list', data: objects.slice(start, end), has_more: end < objects.length, url });
}
