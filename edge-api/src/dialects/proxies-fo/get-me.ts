import { Id, SignedBytes } from '@marvel/shared/units';
import { ok } from '@marvel/shared/result';
import * as v from 'valibot';
import { toGigabytes } from '../../domain/gigabytes.ts';
import { endpoint } from '../../http/endpoint.ts';
import { findAccount } from '../../store/account.ts';
import { readBalance } from '../../store/usage.ts';

/** What there is to spend is bytes; there is no money on an account. */
const Me = v.strictObject({
  ID: Id,
  Email: v.string(),
  Balance: SignedBytes,
  BalanceFormatted: v.string(),
});

export const getMe = endpoint({
  method: 'GET',
  path: '/dialects/proxies-fo/api/me',
  access: 'account',
  tag: 'proxies.fo',
  summary: 'The account and what it may still spend',
  reply: { status: 200, description: 'The account; its balance is bytes.', body: Me },
  failures: [],
  async handle({ identity: { accountId } }, { db }) {
    const account = await findAccount(db, accountId);
    if (!account.ok) return account;
    const balance = await readBalance(db, accountId);
    if (!balance.ok) return balance;
    return ok({
      ID: accountId,
      Email: account.value.email,
      Balance: balance.value,
      BalanceFormatted: `${toGigabytes(balance.value).toFixed(2)} GB`,
    });
  },
});
