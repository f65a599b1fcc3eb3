import { ok, type Result } from '@marvel/shared/result';
import { sql } from 'drizzle-orm';
import * as v from 'valibot';
import { attempt, type Unavailable } from './database-error.ts';
import type { Database } from './database.ts';
import { newId } from './new-id.ts';

/**
 * What became of a payment. `credited`: the bytes are in the balance. `repeat`: they were already. The others credit
 * nothing and leave an anomaly for the operator: no such invoice, less money or another currency than it asks for, or
 * another payment that paid it before.
 */
const PaymentOutcome = v.picklist(['credited', 'repeat', 'unknown_invoice', 'amount_mismatch', 'already_paid']);
export type PaymentOutcome = v.InferOutput<typeof PaymentOutcome>;

/** What became of money that went back. `pending`: its payment is not known yet, and will be credited less. */
const TakeBackOutcome = v.picklist(['taken', 'repeat', 'pending']);
export type TakeBackOutcome = v.InferOutput<typeof TakeBackOutcome>;

/** `given`: the bytes are back in the balance. `noted`: what it undoes is not known yet, and will then take nothing. */
const GiveBackOutcome = v.picklist(['given', 'repeat', 'noted']);
export type GiveBackOutcome = v.InferOutput<typeof GiveBackOutcome>;

/** Credits a payment once, whatever the number and order of calls, and marks its invoice paid. Errors: `unavailable`. */
export async function postPayment(
  db: Database,
  paid: {
    /** Stripe's payment intent: the natural key. */
    readonly reference: string;
    readonly invoiceId: string;
    readonly amountCents: number;
    /** ISO 4217, any case. */
    readonly currency: string;
  },
): Promise<Result<PaymentOutcome, Unavailable>> {
  return outcome(
    db,
    PaymentOutcome,
    sql`select post_payment(${newId('pay')}, ${paid.reference}, ${paid.invoiceId}, ${paid.amountCents}, ${paid.currency}) as outcome`,
  );
}

/**
 * Takes the bytes of refunded or disputed money out of the balance, in proportion and at most those of the payment;
 * once for each refund or dispute. The balance may fall below zero. Errors: `unavailable`.
 */
export async function takeBackPayment(
  db: Database,
  taken: {
    /** Stripe's refund or dispute: the natural key. */
    readonly reference: string;
    readonly kind: 'refund' | 'dispute';
    readonly paymentReference: string;
    readonly amountCents: number;
  },
): Promise<Result<TakeBackOutcome, Unavailable>> {
  return outcome(
    db,
    TakeBackOutcome,
    sql`select take_back_payment(${taken.reference}, ${taken.kind}, ${taken.paymentReference}, ${taken.amountCents}) as outcome`,
  );
}

/** Undoes a take-back: a dispute was won, or a refund failed. Once. Errors: `unavailable`. */
export async function giveBackPayment(
  db: Database,
  given: {
    /** That of the take-back. */
    readonly reference: string;
    readonly kind: 'refund' | 'dispute';
    readonly paymentReference: string;
  },
): Promise<Result<GiveBackOutcome, Unavailable>> {
  return outcome(
    db,
    GiveBackOutcome,
    sql`select give_back_payment(${given.reference}, ${given.kind}, ${given.paymentReference}) as outcome`,
  );
}

async function outcome<const S extends v.GenericSchema>(
  db: Database,
  schema: S,
  query: ReturnType<typeof sql>,
): Promise<Result<v.InferOutput<S>, Unavailable>> {
  const answered = await attempt(() => db.execute(query));
  if (!answered.ok) return answered;
  const [row] = answered.value.rows;
  return ok(v.parse(schema, row?.['outcome']));
}
