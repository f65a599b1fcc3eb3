import type { Failure } from '@marvel/shared/failures';
import { err, ok, type Result } from '@marvel/shared/result';
import type { Services } from '../../http/services.ts';
import { isPaidToTheEnd, postPeriodInvoice, syncSubscription } from '../../store/subscription-news.ts';
import {
  endBilling,
  endBillingWithPeriod,
  readPeriodInvoice,
  readSubscription,
} from '../../vendor/stripe-subscription.ts';

/** Asks the provider what a subscription is now, and makes ours that. `now`: when this was asked, by the database's clock. */
export async function takeSubscription(
  providerId: string,
  now: string,
  services: Services,
): Promise<Result<string, Failure>> {
  const { db } = services;
  const read = await readSubscription(services, providerId);
  if (!read.ok) return read;
  if (read.value === undefined) return ok('none_of_ours');
  const synced = await syncSubscription(db, { ...read.value, providerId, askedAt: now });
  if (!synced.ok) return synced;
  // It was cancelled here while its payment was under way.
  if (synced.value === 'still_runs') {
    const ended = await endBilling(services, providerId);
    if (!ended.ok) return ended;
  }
  if (synced.value === 'synced' && !read.value.cancelAtPeriodEnd && read.value.status !== 'cancelled') {
    return endAfterLast(read.value.subscriptionId, providerId, services);
  }
  return ok(synced.value);
}

/** Writes and credits the invoice of a period as the provider has it now. */
export async function takePeriodInvoice(providerId: string, services: Services): Promise<Result<string, Failure>> {
  const read = await readPeriodInvoice(services, providerId);
  if (!read.ok) return read;
  return read.value === undefined ? ok('none_of_ours') : postPeriodInvoice(services.db, read.value);
}

/** Once the last of its periods is paid, nothing more is billed. */
async function endAfterLast(id: string, providerId: string, services: Services): Promise<Result<string, Failure>> {
  const isLast = await isPaidToTheEnd(services.db, id);
  if (!isLast.ok) return isLast;
  if (!isLast.value) return ok('synced');
  const ended = await endBillingWithPeriod(services, providerId);
  if (ended.ok) return ok('paid_to_the_end');
  return ended.error.code === 'refused' ? ok('over') : err(ended.error);
}
