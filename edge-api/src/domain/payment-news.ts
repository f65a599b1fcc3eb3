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
    }
  | {
      /** Its first payment can no longer be made. */
      readonly kind: 'never_begun';
      readonly subscriptionId: string;
    }
  | {
      /** The provider has to be asked what it is now. */
      readonly kind: 'subscription_changed' | 'period_billed';
      /** The provider's name for the subscription, or for the invoice of one of its periods. */
      readonly providerId: string;
    };

/** A subscription as the provider bills it now. */
export interface SubscriptionBilled {
  readonly subscriptionId: string;
  readonly status: 'active' | 'paused' | 'past_due' | 'cancelled';
  readonly cancelAtPeriodEnd: boolean;
}

/** The invoice of one period as the provider has it now. */
export interface PeriodBilled {
  readonly subscriptionId: string;
  readonly providerId: string;
  readonly status: 'open' | 'paid' | 'void' | 'uncollectible';
  /** The payment of a paid one, by the provider's name for it: what refunds and disputes name. */
  readonly reference: string;
  readonly amountCents: number;
  readonly currency: string;
  readonly startsAt: Date;
  readonly endsAt: Date;
  /** Where an open one can be paid. */
  readonly payUrl: string | null;
}

/** One message of the payment provider. */
export interface PaymentEvent {
  readonly id: string;
  readonly type: string;
  readonly news: readonly PaymentNews[];
}
