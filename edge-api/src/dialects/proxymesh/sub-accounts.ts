import { CreateSubUserRequest } from '@marvel/shared/api/sub-user';
import { tooMany } from '../../routes/too-many.ts';
import type { Failure } from '@marvel/shared/failures';
import type { Limits } from '@marvel/shared/limits';
import { err, ok, type Result } from '@marvel/shared/result';
import * as v from 'valibot';
import { Gigabytes, toGigabytes } from '../../domain/gigabytes.ts';
import { endpoint, type Endpoint } from '../../http/endpoint.ts';
import { newPassword } from '../../routes/sub-users/new-password.ts';
import type { Database } from '../../store/database.ts';
import { newId } from '../../store/new-id.ts';
import {
  countSubUsers,
  createSubUser,
  maxSubUsers,
  deleteSubUser,
  findSubUserByName,
  listSubUsers,
  maxListedSubUsers,
  type SubUser,
} from '../../store/sub-user.ts';
import { rotateSubUser, updateSubUser } from '../../store/update-sub-user.ts';
import { readBalance } from '../../store/usage.ts';
import { wrongField } from './sources.ts';

const api = '/dialects/proxymesh/api';
const tag = 'ProxyMesh';

const { username, password, first_name, last_name, email } = CreateSubUserRequest.entries;
/** A field that is left empty takes away what was there. */
const emptied = v.pipe(
  v.literal(''),
  v.transform(() => null),
);
const clearable = <S extends v.GenericSchema>(schema: S) =>
  v.optional(v.lazy((input): S | typeof emptied => (input === '' ? emptied : schema)));
const details = {
  first_name: clearable(first_name.wrapped),
  last_name: clearable(last_name.wrapped),
  email: clearable(email.wrapped),
  monthly_bandwidth_limit: clearable(Gigabytes),
  total_bandwidth_limit: clearable(Gigabytes),
};

/** A sub-account as it may be shown; limits are gigabytes, `null` for none. */
const SubAccount = v.strictObject({
  username: v.string(),
  first_name: v.nullable(v.string()),
  last_name: v.nullable(v.string()),
  email: v.nullable(v.string()),
  monthly_bandwidth_limit: v.nullable(v.number()),
  total_bandwidth_limit: v.nullable(v.number()),
});

const createSub = endpoint({
  method: 'POST',
  path: `${api}/sub/create`,
  access: 'account',
  tag,
  summary: 'Make a sub-account: a sub-user',
  body: v.object({ username, password, ...details }),
  reply: {
    status: 200,
    description: 'The sub-account; its password, made when none is given, is shown once.',
    body: v.strictObject({ ...SubAccount.entries, password: v.string() }),
  },
  failures: ['balance_exhausted', 'conflict'],
  idempotent: true,
  async handle({ body, identity: { accountId }, once }, services) {
    const paid = await hasRoom(accountId, services.db);
    if (!paid.ok) return paid;
    const { password: shown, digest } = await newPassword(body.username, body.password, services);
    const row = {
      id: newId('su'),
      accountId,
      username: body.username,
      digest,
      limits: limitsOf({}, body),
      firstName: body.first_name ?? null,
      lastName: body.last_name ?? null,
      email: body.email ?? null,
    };
    const answer = { ...show(row), password: shown };
    const made = await createSubUser(services.db, row, await once?.seal(answer));
    if (made.ok) return ok(answer);
    if (made.error.code === 'too_many') return err(tooMany(maxSubUsers, 'sub-accounts'));
    if (made.error.code !== 'conflict') return err(made.error);
    return err({ ...wrongField('username', 'is taken'), code: 'conflict' });
  },
});

const editSub = endpoint({
  method: 'POST',
  path: `${api}/sub/edit`,
  access: 'account',
  tag,
  summary: 'Change a sub-account: what is given, and what is given empty',
  body: v.object({ username, password, ...details }),
  reply: { status: 200, description: 'The sub-account as it is now.', body: SubAccount },
  failures: ['conflict', 'forbidden', 'not_found'],
  async handle({ body, identity: { accountId } }, services) {
    const { db } = services;
    const found = await findOwn(accountId, body.username, db);
    if (!found.ok) return found;
    const { id, limits } = found.value;
    const isLimited = body.monthly_bandwidth_limit !== undefined || body.total_bandwidth_limit !== undefined;
    const updated = await updateSubUser(db, accountId, id, {
      ...(isLimited ? { limits: limitsOf(limits, body) } : {}),
      ...(body.first_name === undefined ? {} : { firstName: body.first_name }),
      ...(body.last_name === undefined ? {} : { lastName: body.last_name }),
      ...(body.email === undefined ? {} : { email: body.email }),
    });
    // The password last: what is refused has changed nothing.
    if (updated.ok && body.password !== undefined) {
      const { digest } = await newPassword(body.username, body.password, services);
      const rotated = await rotateSubUser(db, accountId, id, digest);
      if (!rotated.ok) return rotated;
    }
    return updated.ok ? ok(show(updated.value)) : absent(updated.error);
  },
});

const deleteSub = endpoint({
  method: 'POST',
  path: `${api}/sub/delete`,
  access: 'account',
  tag,
  summary: 'Delete a sub-account',
  body: v.object({ username }),
  reply: { status: 204, description: 'Deleted.' },
  failures: ['forbidden', 'not_found'],
  async handle({ body, identity: { accountId } }, { db }) {
    const found = await findOwn(accountId, body.username, db);
    if (!found.ok) return found;
    const deleted = await deleteSubUser(db, accountId, found.value.id);
    return deleted.ok ? deleted : absent(deleted.error);
  },
});

const listSubs = endpoint({
  method: 'GET',
  path: `${api}/subs`,
  access: 'account',
  tag,
  summary: 'List the sub-accounts',
  reply: { status: 200, description: 'Newest first.', body: v.strictObject({ subs: v.array(SubAccount) }) },
  failures: [],
  async handle({ identity: { accountId } }, { db }) {
    const listed = await listSubUsers(db, accountId);
    return listed.ok ? ok({ subs: listed.value.map(show) }) : listed;
  },
});

export const subAccountEndpoints: readonly Endpoint[] = [createSub, editSub, deleteSub, listSubs];

/** Whether the account has paid for anything, and can have one more. Errors: `balance_exhausted`, `unavailable`. */
async function hasRoom(accountId: string, db: Database): Promise<Result<void, Failure>> {
  const balance = await readBalance(db, accountId);
  if (!balance.ok) return balance;
  const users = await countSubUsers(db, accountId);
  if (!users.ok) return users;
  return balance.value > 0 && users.value < maxListedSubUsers ? ok(undefined) : err({ code: 'balance_exhausted' });
}

/** The sub-account of a name. Errors: `not_found`; `forbidden` when it is another account's; `unavailable`. */
async function findOwn(accountId: string, name: string, db: Database): Promise<Result<SubUser, Failure>> {
  const found = await findSubUserByName(db, name);
  if (!found.ok) return absent(found.error);
  return found.value.accountId === accountId ? found : err({ code: 'forbidden' });
}

/** Source: ProxyMesh's documentation. */
function absent(failure: Failure): { readonly ok: false; readonly error: Failure } {
  return err(failure.code === 'not_found' ? { ...failure, message: 'Sub-account not found.' } : failure);
}

function limitsOf(
  { bytes_per_month: month, bytes_total: total, ...others }: Limits,
  given: {
    readonly monthly_bandwidth_limit?: number | null | undefined;
    readonly total_bandwidth_limit?: number | null | undefined;
  },
): Limits {
  const { monthly_bandwidth_limit: newMonth = month, total_bandwidth_limit: newTotal = total } = given;
  return {
    ...others,
    ...(typeof newMonth === 'number' ? { bytes_per_month: newMonth } : {}),
    ...(typeof newTotal === 'number' ? { bytes_total: newTotal } : {}),
  };
}

function show(
  user: Pick<SubUser, 'username' | 'firstName' | 'lastName' | 'email' | 'limits'>,
): v.InferOutput<typeof SubAccount> {
  const { bytes_per_month: month, bytes_total: total } = user.limits;
  return {
    username: user.username,
    first_name: user.firstName,
    last_name: user.lastName,
    email: user.email,
    monthly_bandwidth_limit: month === undefined ? null : toGigabytes(month),
    total_bandwidth_limit: total === undefined ? null : toGigabytes(total),
  };
}
