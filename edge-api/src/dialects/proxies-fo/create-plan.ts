import { randomBase62 } from '@marvel/shared/key-format';
import type { Failure } from '@marvel/shared/failures';
import type { Limits } from '@marvel/shared/limits';
import { err, ok, type Result } from '@marvel/shared/result';
import { Count, Id } from '@marvel/shared/units';
import * as v from 'valibot';
import { gatewayDoor } from '../../domain/gateway-door.ts';
import { Gigabytes, toGigabytes } from '../../domain/gigabytes.ts';
import { endpoint } from '../../http/endpoint.ts';
import { newPassword } from '../../routes/sub-users/new-password.ts';
import { findAccount } from '../../store/account.ts';
import type { Database } from '../../store/database.ts';
import { newId } from '../../store/new-id.ts';
import { createSubUser, maxSubUsers } from '../../store/sub-user.ts';
import { tooMany } from '../../routes/too-many.ts';
import { readBalance } from '../../store/usage.ts';
import { planDoor, Reseller } from './reseller.ts';

const secondMs = 1000;
const dayMs = 86_400 * secondMs;
const usernameCharacters = 16;

const NewPlan = v.pipe(
  v.object({
    reseller: Reseller,
    /** Days. */
    duration: v.optional(wholeNumber(3650), '30'),
    bandwidth: v.optional(v.pipe(Gigabytes, v.minValue(1, 'must not be 0'))),
    threads: v.optional(wholeNumber(1_000_000)),
  }),
  v.forward(
    v.partialCheck(
      [['bandwidth'], ['threads']],
      ({ bandwidth, threads }) => bandwidth !== undefined || threads !== undefined,
      'is required, or threads is',
    ),
    ['bandwidth'],
  ),
);

/** What a client needs to send traffic through its new plan. Dates are seconds since 1970. */
const Plan = v.strictObject({
  ID: Id,
  AuthUsername: v.string(),
  AuthPassword: v.string(),
  AuthHostname: v.string(),
  AuthPort: Count,
  /** Gigabytes; `null` for as much as the account has. */
  Bandwidth: v.nullable(v.number()),
  Threads: v.nullable(Count),
  StartDate: Count,
  EndsDate: Count,
});

export const createPlan = endpoint({
  method: 'POST',
  path: '/dialects/proxies-fo/api/plans/new',
  access: 'account',
  tag: 'proxies.fo',
  summary: 'Make a plan: a sub-user with limits on the balance of the account',
  body: NewPlan,
  reply: { status: 200, description: 'The plan; its password is shown once.', body: Plan },
  failures: ['balance_exhausted', 'threads_exhausted', 'conflict'],
  idempotent: true,
  async handle({ body, identity: { accountId }, once }, services) {
    const { db, env, nowMs, randomBytes } = services;
    const covered = await isCovered(accountId, body, db);
    if (!covered.ok) return covered;
    const endsAtMs = nowMs + body.duration * dayMs;
    const limits: Limits = {
      ...(body.bandwidth === undefined ? {} : { bytes_total: body.bandwidth }),
      ...(body.threads === undefined ? {} : { threads: body.threads }),
      expires_at: new Date(endsAtMs).toISOString(),
    };
    const username = randomBase62(usernameCharacters, randomBytes);
    const { password, digest } = await newPassword(username, undefined, services);
    const door = gatewayDoor(planDoor(body.reseller), env);
    const plan = {
      ID: newId('su'),
      AuthUsername: username,
      AuthPassword: password,
      AuthHostname: door.host,
      AuthPort: door.port,
      Bandwidth: body.bandwidth === undefined ? null : toGigabytes(body.bandwidth),
      Threads: body.threads ?? null,
      StartDate: Math.floor(nowMs / secondMs),
      EndsDate: Math.floor(endsAtMs / secondMs),
    };
    const made = await createSubUser(db, { id: plan.ID, accountId, username, digest, limits }, await once?.seal(plan));
    if (made.ok) return ok(plan);
    return err(made.error.code === 'too_many' ? tooMany(maxSubUsers, 'plans') : made.error);
  },
});

/** Whether the account has what the plan promises. Errors: `balance_exhausted`, `threads_exhausted`, `unavailable`. */
async function isCovered(
  accountId: string,
  { bandwidth = 1, threads = 1 }: v.InferOutput<typeof NewPlan>,
  db: Database,
): Promise<Result<void, Failure>> {
  const balance = await readBalance(db, accountId);
  if (!balance.ok) return balance;
  if (bandwidth > balance.value) return err({ code: 'balance_exhausted' });
  const account = await findAccount(db, accountId);
  if (!account.ok) return account;
  const { threads: own, planThreads: ofPlan } = account.value;
  return threads > Math.min(own ?? Infinity, ofPlan ?? Infinity) ? err({ code: 'threads_exhausted' }) : ok(undefined);
}

function wholeNumber(max: number) {
  const hint = `must be an integer from 1 to ${max}`;
  return v.pipe(v.string(), v.regex(/^[1-9][0-9]{0,8}$/, hint), v.transform(Number), v.maxValue(max, hint));
}
