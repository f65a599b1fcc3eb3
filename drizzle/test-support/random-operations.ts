import type { TestGateway } from './world.ts';

/** Whom the operations are about. */
export interface Cast {
  readonly accounts: readonly CastAccount[];
  readonly gateways: readonly TestGateway[];
  readonly exit: string;
}

interface CastAccount {
  readonly id: string;
  /** What a batch can name: keys, and the sub-users of customers. */
  readonly credentials: readonly string[];
  /** The account's own. */
  readonly subscription: string;
  readonly customerSubscriptions: readonly string[];
  /** Open ones of bundles. */
  readonly invoices: readonly string[];
}

/** One call of the database: a payment, a refund, a batch, or whatever else moves bytes. */
export interface Operation {
  readonly kind: string;
  readonly text: string;
  readonly values: readonly unknown[];
}

/** Money that came, by the invoices that it may be for, and what went back of it. */
export interface Purchase {
  readonly account: string;
  readonly reference: string;
  readonly bytes: number;
  readonly cents: number;
  /** By the refund or dispute. */
  readonly takenBack: Map<string, { readonly cents: number; isReversed: boolean }>;
}

/** The operations, and what must follow from them in whatever order they come. */
export interface Plan {
  readonly operations: readonly Operation[];
  readonly purchases: readonly Purchase[];
  /** Given or taken by an operator, by account. */
  readonly adjustedBytes: ReadonlyMap<string, number>;
  /** By account, and by credential. */
  readonly usedBytes: ReadonlyMap<string, number>;
  /** Batches that bill something. */
  readonly batches: number;
  readonly periodsPaid: ReadonlyMap<string, number>;
  readonly lastStatus: ReadonlyMap<string, string>;
}

export const bundleTerms = { bytes: 1_000_003, cents: 997 };
export const planTerms = { bytes: 2_000_003, cents: 1499 };

const periodsOfEach = 24;
/** What most of the operations are that have not to do with a payment. */
const shareOfBatches = 0.8;

/** Uniform in [0, 1), the same sequence for the same seed (mulberry32). */
function seededRandom(seed: number): () => number {
  let state = seed | 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

/** Plans so many operations; the same ones for the same seed and cast. */
export function planOperations(seed: number, count: number, cast: Cast): Plan {
  const planner = new Planner(seed, cast);
  for (const account of cast.accounts) {
    for (const invoice of account.invoices) planner.purchase(account, invoice);
    for (let period = 0; period < periodsOfEach; period += 1) planner.period(account, period);
    planner.statuses(account);
  }
  while (planner.operations.length < count) planner.other();
  return planner.finish(count);
}

class Planner {
  readonly operations: Operation[] = [];
  readonly #purchases: Purchase[] = [];
  readonly #adjusted = new Map<string, number>();
  readonly #used = new Map<string, number>();
  readonly #periodsPaid = new Map<string, number>();
  readonly #lastStatus = new Map<string, string>();
  readonly #cast: Cast;
  readonly #random: () => number;
  #batches = 0;
  #ids = 0;

  constructor(seed: number, cast: Cast) {
    this.#cast = cast;
    this.#random = seededRandom(seed);
  }

  /** A bundle that is bought: paid, sometimes voided before, sometimes refunded, disputed, or paid with too little. */
  purchase({ id: account }: CastAccount, invoice: string): void {
    const { bytes, cents } = bundleTerms;
    const reference = this.#id('pi');
    const pay = (paid: string, amount: number, currency = 'usd') =>
      this.#call('purchase', 'select post_payment($1, $2, $3, $4, $5)', [
        this.#id('pay'),
        paid,
        invoice,
        amount,
        currency,
      ]);
    if (this.#chance(0.1)) pay(this.#id('pi'), cents - 1);
    if (this.#chance(0.05)) pay(this.#id('pi'), cents, 'eur');
    if (this.#chance(0.1)) {
      const text = `update invoice set status = 'void', voided_at = now() where id = $1 and status = 'open'`;
      this.#call('void', text, [invoice]);
    }
    if (this.#chance(0.1)) return;
    pay(reference, cents);
    this.#takeBacks(account, reference, bytes, cents);
  }

  /** A period of the account's own subscription, as Stripe bills it. */
  period({ id: account, subscription }: CastAccount, period: number): void {
    const invoice = this.#id('in');
    const reference = this.#id('pi');
    const { bytes, cents } = planTerms;
    const [start, end] = [period, period + 1].map((month) => new Date(Date.UTC(2025, month)).toISOString());
    const bill = (status: string) =>
      this.#call('period', `select post_subscription_invoice($1, $2, $3, $4, $5, $6, $7, 'usd', $8, $9, null)`, [
        this.#id('inv'),
        this.#id('pay'),
        subscription,
        invoice,
        status,
        reference,
        cents,
        start,
        end,
      ]);
    if (this.#chance(0.3)) bill('open');
    if (this.#chance(0.2)) bill('uncollectible');
    if (this.#chance(0.1)) bill('void');
    if (this.#chance(0.15)) return;
    bill('paid');
    this.#periodsPaid.set(subscription, (this.#periodsPaid.get(subscription) ?? 0) + 1);
    this.#takeBacks(account, reference, bytes, cents);
  }

  /** What Stripe says of the account's own subscription, question by question. */
  statuses({ subscription }: CastAccount): void {
    for (let minute = 0; minute < 20; minute += 1) {
      const status = this.#one(['active', 'past_due', 'paused']);
      const askedAt = new Date(Date.UTC(2026, 0, 1, 0, minute)).toISOString();
      const values = [subscription, `sub_${subscription}`, status, false, askedAt];
      this.#call('status', 'select sync_subscription($1, $2, $3, $4, $5)', values);
      this.#lastStatus.set(subscription, status);
    }
  }

  /** Anything else: a batch of several accounts, mostly. */
  other(): void {
    if (this.#chance(shareOfBatches)) return this.#batch();
    const kind = this.#integer(0, 3);
    if (kind === 3) this.#forget();
    else if (kind === 0) this.#adjustment();
    else if (kind === 1) this.#call('expiry', 'select expire_payments($1)', [this.#integer(1, 5)]);
    else this.#customerPeriod();
  }

  /** So many operations, in another order; those beyond are repeats of the last one. */
  finish(count: number): Plan {
    const all = this.operations.slice(0, count);
    for (let last = all.length - 1; last > 0; last -= 1) {
      const other = this.#integer(0, last);
      [all[last], all[other]] = [this.#at(all, other), this.#at(all, last)];
    }
    return {
      operations: all,
      purchases: this.#purchases,
      adjustedBytes: this.#adjusted,
      usedBytes: this.#used,
      batches: this.#batches,
      periodsPaid: this.#periodsPaid,
      lastStatus: this.#lastStatus,
    };
  }

  #takeBacks(account: string, reference: string, bytes: number, cents: number): void {
    const purchase: Purchase = { account, reference, bytes, cents, takenBack: new Map() };
    this.#purchases.push(purchase);
    const count = this.#chance(0.3) ? this.#integer(1, 3) : 0;
    for (let each = 0; each < count; each += 1) {
      const isDispute = this.#chance(0.4);
      const kind = isDispute ? 'dispute' : 'refund';
      const name = this.#id(kind);
      const amount = isDispute && this.#chance(0.5) ? cents : this.#integer(1, cents);
      const isReversed = this.#chance(0.4);
      purchase.takenBack.set(name, { cents: amount, isReversed });
      this.#call(kind, 'select take_back_payment($1, $2, $3, $4)', [name, kind, reference, amount]);
      if (isReversed) this.#call(`${kind} undone`, 'select give_back_payment($1, $2, $3)', [name, kind, reference]);
    }
  }

  #adjustment(): void {
    const { id: account } = this.#one(this.#cast.accounts);
    const bytes = this.#integer(1, 5_000_000) * (this.#chance(0.3) ? -1 : 1);
    add(this.#adjusted, account, bytes);
    this.#call('adjustment', 'select adjust_balance($1, $2, $3, $4)', [account, bytes, 'random', this.#id('adj')]);
  }

  /** What batches were answered is forgotten; those that come again are still known. */
  #forget(): void {
    const values = [this.#integer(1, 50)];
    this.#call('forget', `select forget_batches(now() + interval '1 second', $1)`, values);
  }

  /** Time passes for a customer's subscription, or somebody pauses or resumes it. */
  #customerPeriod(): void {
    const { id: account, customerSubscriptions } = this.#one(this.#cast.accounts);
    const subscription = this.#one(customerSubscriptions);
    const kind = this.#integer(0, 3);
    if (kind === 0) this.#call('turn', 'select turn_subscriptions($1)', [this.#integer(1, 10)]);
    else if (kind === 1) {
      const text = `update subscription set created_at = created_at - interval '1 day', current_period_end = current_period_end - interval '1 day' where id = $1`;
      this.#call('day', text, [subscription]);
    } else {
      const [from, to] = kind === 2 ? ['active', 'paused'] : ['paused', 'active'];
      this.#call('step', 'select change_subscription($1, $2, $3, $4)', [account, subscription, from, to]);
    }
  }

  #batch(): void {
    const gateway = this.#one(this.#cast.gateways);
    gateway.seq += 1;
    const uses = Array.from({ length: this.#integer(1, 4) }, () => {
      const account = this.#one(this.#cast.accounts);
      const credential = this.#one(account.credentials);
      const up = this.#integer(0, 20_000);
      const down = this.#integer(1, 50_000);
      add(this.#used, account.id, up + down);
      add(this.#used, credential, up + down);
      return { account: account.id, credential, exit: this.#cast.exit, up, down };
    });
    const lines = uses.map(({ account }) => ({ budget: account, wanted: this.#integer(0, 1_000_000), returned: 0 }));
    const closedAt = new Date().toISOString();
    const [text, values] = gateway.statement(gateway.seq, { uses, lines, closedAt });
    this.#batches += 1;
    this.#call('batch', text, values);
  }

  /** Once, and now and then again: what is heard of may be heard of several times. */
  #call(kind: string, text: string, values: readonly unknown[]): void {
    const times = this.#chance(0.25) ? this.#integer(2, 3) : 1;
    for (let each = 0; each < times; each += 1) this.operations.push({ kind, text, values });
  }

  #id(prefix: string): string {
    this.#ids += 1;
    return `${prefix}_${this.#cast.exit}${this.#ids}`;
  }

  #integer(from: number, to: number): number {
    return from + Math.floor(this.#random() * (to - from + 1));
  }

  #chance(of: number): boolean {
    return this.#random() < of;
  }

  #one<T>(of: readonly T[]): T {
    return this.#at(of, this.#integer(0, of.length - 1));
  }

  #at<T>(of: readonly T[], index: number): T {
    const found = of[index];
    if (found === undefined) throw new RangeError(`there is no ${index}. of ${of.length}`);
    return found;
  }
}

function add(to: Map<string, number>, name: string, bytes: number): void {
  to.set(name, (to.get(name) ?? 0) + bytes);
}
