import type { Failure } from '@marvel/shared/failures';
import { ok, type Result } from '@marvel/shared/result';
import { type BookProblem, compareBooks, type ProviderBooks } from '../domain/compare-books.ts';
import type { Services } from '../http/services.ts';
import { readOwnBooks } from '../store/provider-books.ts';
import { isPaid, readBooks } from '../vendor/stripe-books.ts';

/** The most payments of ours that are asked for by name: those told of in this while and made before it, a few. */
const maxAskedPayments = 50;
/** The most problems of one report. */
const maxReported = 1000;

/** How the provider's books and ours compare. */
export interface ComparedBooks {
  readonly provider: ProviderBooks;
  /** Whether all of the while was looked at. */
  readonly isWhole: boolean;
  readonly problems: readonly BookProblem[];
}

/** Compares what the payment provider has of a while with what we have. Changes nothing. Errors: `conflict`, `unavailable`. */
export async function reconcileProvider(
  services: Pick<Services, 'db' | 'env' | 'log'>,
  period: { readonly from: Date; readonly to: Date },
): Promise<Result<ComparedBooks, Failure>> {
  const read = await readBooks(services, period);
  if (!read.ok) return read;
  const { books: provider, isWhole } = read.value;
  const own = await readOwnBooks(services.db, {
    ...period,
    payments: [
      ...provider.payments.map(({ reference }) => reference),
      ...provider.takeBacks.map(({ paymentReference }) => paymentReference),
    ],
    periods: provider.periods.map(({ providerId }) => providerId),
    takeBacks: provider.takeBacks.map(({ reference }) => reference),
    subscriptions: provider.subscriptions.map(({ providerId }) => providerId),
  });
  if (!own.ok) return own;
  const { problems, unseen } = compareBooks(provider, own.value);
  const unpaid: BookProblem[] = [];
  for (const reference of unseen.slice(0, maxAskedPayments)) {
    const paid = await isPaid(services, reference);
    if (!paid.ok) return paid;
    if (!paid.value) unpaid.push({ problem: 'credited_not_paid', reference, expected: null, found: 'credited' });
  }
  return ok({
    provider,
    isWhole: isWhole && unseen.length <= maxAskedPayments,
    problems: [...problems, ...unpaid].slice(0, maxReported),
  });
}
