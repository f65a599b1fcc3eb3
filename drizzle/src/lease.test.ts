import { BudgetLease, openingAllowanceBytes } from '@marvel/shared/lease';
import type { LeaseLine } from '@marvel/shared/usage-batch';
import { array, assert, asyncProperty, constantFrom, integer, record } from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startDatabase, type Database } from '../test-support/database.ts';
import {
  balance,
  type BatchParts,
  id,
  ledgerProblems,
  makeAccount,
  makeExit,
  makeKey,
  TestGateway,
} from '../test-support/world.ts';

let db: Database;
let exit: string;
beforeAll(async () => {
  db = await startDatabase();
  exit = await makeExit(db);
});
afterAll(async () => db[Symbol.asyncDispose]());

const gatewayCount = 4;

/** A gateway that spends from one budget by the rules of shared/lease, and settles with the real database. */
class Spender {
  readonly gateway: TestGateway;
  /** Bytes that reached a client, whether or not the edge knows of them. */
  spentBytes = 0;
  #lease: BudgetLease;
  #window = 0;
  #outbox: { seq: number; boot: string; parts: BatchParts; hasLine: boolean } | undefined;
  readonly #account: string;
  readonly #key: string;

  constructor(gateway: TestGateway, account: string, key: string) {
    this.gateway = gateway;
    this.#account = account;
    this.#key = key;
    this.#lease = new BudgetLease(account);
  }

  /** Moves as much of `bytes` as it may; some of what was taken never reaches the other side. */
  spend(bytes: number, unsent: number, feedBalance: number): void {
    if (this.#lease.standing(feedBalance, 0) !== 'spendable') {
      this.#lease.ask();
      return;
    }
    const taken = this.#lease.take(bytes, 0);
    const back = Math.min(unsent, taken);
    this.#lease.record(taken - back);
    this.#lease.untake(back, 0);
    this.#window += taken - back;
    this.spentBytes += taken - back;
  }

  seal(): void {
    if (this.#outbox === undefined) this.#sealWith(this.#lease.seal(false, 0));
  }

  #sealWith(line: LeaseLine | undefined): void {
    const uses =
      this.#window === 0 ? [] : [{ account: this.#account, credential: this.#key, exit, down: this.#window }];
    this.#window = 0;
    this.gateway.seq += 1;
    const parts = { uses, lines: line === undefined ? [] : [line], closedAt: new Date().toISOString() };
    this.#outbox = { seq: this.gateway.seq, boot: this.gateway.boot, parts, hasLine: line !== undefined };
  }

  /** Posts what is sealed; the reply may be lost on its way. */
  async post(isReplyLost: boolean): Promise<void> {
    if (this.#outbox === undefined) return;
    const { seq, boot, parts, hasLine } = this.#outbox;
    const { outcome, answers } = await this.gateway.send(seq, parts, boot);
    if (outcome !== 'settled' && outcome !== 'repeat') throw new Error(outcome);
    if (isReplyLost) return;
    this.#outbox = undefined;
    const answer = answers.get(this.#account);
    if (hasLine && answer !== undefined && boot === this.gateway.boot) this.#lease.apply(answer, 0, 0);
  }

  /** Dies after its last second was sealed, and starts again with nothing but its outbox. */
  async crash(): Promise<void> {
    while (this.#outbox !== undefined) await this.post(false);
    this.seal();
    this.gateway.restart();
    this.#lease = new BudgetLease(this.#account);
    await this.post(false);
    this.seal();
    await this.post(false);
  }

  /** Stops for good: everything is posted and given back. */
  async drain(): Promise<void> {
    await this.post(false);
    // At the end of time every lease has expired and nobody has used it for long.
    const line = this.#lease.seal(true, Number.POSITIVE_INFINITY);
    this.#sealWith(line === undefined ? undefined : { ...line, wanted: 0 });
    await this.post(false);
  }
}

const step = record({
  kind: constantFrom('spend', 'spend', 'spend', 'post', 'post', 'lose-reply', 'crash', 'top-up'),
  gateway: integer({ min: 0, max: gatewayCount - 1 }),
  bytes: integer({ min: 1, max: 300_000 }),
});

test('however gateways spend, lose replies and crash, they never spend more than was credited and 64 KiB each, and nothing stays held', async () => {
  await assert(
    asyncProperty(
      integer({ min: 0, max: 1_500_000 }),
      array(step, { minLength: 20, maxLength: 80 }),
      async (credit, steps) => {
        let credited = credit;
        const account = await makeAccount(db, credit);
        const key = await makeKey(db, account);
        const spenders: Spender[] = [];
        for (let n = 0; n < gatewayCount; n += 1) spenders.push(new Spender(await TestGateway.enrol(db), account, key));
        const spent = () => spenders.reduce((sum, { spentBytes }) => sum + spentBytes, 0);

        for (const { kind, gateway, bytes } of steps) {
          const spender = spenders[gateway] as Spender;
          if (kind === 'spend') spender.spend(bytes, bytes % 5 === 0 ? 1000 : 0, await balance(db, account));
          else if (kind === 'crash') await spender.crash();
          else if (kind === 'top-up') {
            credited += bytes;
            await db.query('select adjust_balance($1, $2, $3, $4)', [account, bytes, 'top-up', id('t')]);
          } else {
            spender.seal();
            await spender.post(kind === 'lose-reply');
          }
          expect(spent()).toBeLessThanOrEqual(credited + gatewayCount * openingAllowanceBytes);
        }

        for (const spender of spenders) await spender.drain();
        expect(await balance(db, account)).toBe(credited - spent());
        expect(await db.query('select * from lease where budget_id = $1', [account])).toEqual([]);
      },
    ),
    { numRuns: 25 },
  );
  expect(await ledgerProblems(db)).toEqual([]);
});
