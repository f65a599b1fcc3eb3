/** What the payment provider tells of money, in our words. */
export type PaymentNews =
  | {
      readonly kind: 'paid';
      /** The payment, by the provider's name for it: the same in every message about it. */
      readonly reference: string;
      readonly invoiceId: string;
      readonly amountCents: number;
      readonly currency: string;
    }
  | {
      readonly kind: 'taken_back';
      readonly cause: 'refund' | 'dispute';
      /** The refund or dispute. */
      readonly reference: string;
      readonly paymentReference: string;
      readonly amountCents: number;
    }
  | {
      /** A refund failed or a dispute was won. */
      readonly kind: 'given_back';
      readonly cause: 'refund' | 'dispute';
      readonly reference: string;
      readonly paymentReference: string;
    }
  | {
      /** Can no longer be paid. */
      readonly kind: 'expired';
      readonly accountId: string;
      readonly invoiceId: string;
    };

/** One message of the payment provider. */
export interface PaymentEvent {
  readonly id: string;
  readonly type: string;
  readonly news: readonly PaymentNews[];
}
