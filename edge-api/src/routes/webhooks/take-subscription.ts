import type { Failure } from '@marvel/shared/failures';
import { err, ok, type Result } from '@marvel/shared/result';
import type { Services } from '../../http/services.ts';
import { findPaidToTheEnd, postPeriodInvoice, syncSubscription } from '../../store/subscription-news.ts';
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
  if (synced.value !== 'synced') return ok(synced.value);
  return endAfterLast(read.value.subscriptionId, synced.value, services);
}

/** Writes and credits the invoice of a period as the provider has it now. */
export async function takePeriodInvoice(providerId: string, services: Services): Promise<Result<string, Failure>> {
  const read = await readPeriodInvoice(services, providerId);
  if (!read.ok) return read;
  if (read.value === undefined) return ok('none_of_ours');
  const posted = await postPeriodInvoice(services.db, read.value);
  if (!posted.ok || (posted.value !== 'credited' && posted.value !== 'repeat')) return posted;
  // What the provider says of the subscription itself may have come before this was paid, and will not come again.
  return endAfterLast(read.value.subscriptionId, posted.value, services);
}

/** Once the last of its periods is paid, nothing more is billed. `outcome`: where there is nothing to end. */
async function endAfterLast(id: string, outcome: string, services: Services): Promise<Result<string, Failure>> {
  const paidToTheEnd = await findPaidToTheEnd(services.db, id);
  if (!paidToTheEnd.ok) return paidToTheEnd;
  if (paidToTheEnd.value === undefined) return ok(outcome);
  const ended = await endBillingWithPeriod(services, paidToTheEnd.value);
  if (ended.ok) return ok('paid_to_the_end');
  return ended.error.code === 'refused' ? ok('over') : err(ended.error);
}
