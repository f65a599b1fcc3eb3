import * as v from 'valibot';
import { Count, Id, Line, Timestamp } from '../units.ts';

/** An e-mail address; its case does not matter. */
export const Email = v.pipe(v.string(), v.maxLength(254), v.toLowerCase(), v.email());

/** Text that is no Unicode has no bytes of its own: two such passwords would be taken for the same one. */
export const NewPassword = v.pipe(
  v.string(),
  v.minLength(8),
  v.maxLength(256),
  v.check((text) => text.isWellFormed(), 'must be well-formed Unicode'),
);

/** A password to compare: whatever was typed, within reason. */
const GivenPassword = v.pipe(v.string(), v.maxLength(1024));

export const CreateAccountRequest = v.strictObject({ email: Email, password: NewPassword });

/** Anything may be tried at sign-in; what cannot be an account's is answered as a wrong password is. */
export const SignInRequest = v.strictObject({
  email: v.pipe(Line(1024), v.toLowerCase()),
  password: GivenPassword,
});

export const SignedIn = v.strictObject({
  account_id: Id,
  /** Bearer token of a session, shown once. */
  token: v.pipe(v.string(), v.regex(/^sess_[0-9A-Za-z]{43}$/)),
});

/** A sign-in that has not ended. */
export const Session = v.strictObject({
  id: Id,
  created_at: Timestamp,
  /** Exact to the minute. */
  last_seen_at: Timestamp,
  expires_at: Timestamp,
  /** Whether it is the one that asks. */
  current: v.boolean(),
});

/** Newest first; `next_cursor` is `null` on the last page. */
export const SessionList = v.strictObject({ data: v.array(Session), next_cursor: v.nullable(v.string()) });

export const SignOutQuery = v.strictObject({
  /** `true` ends every session of the account, not only this one. */
  all: v.optional(v.picklist(['true', 'false']), 'false'),
});

/** The most balances to be told of. */
const maxLowBalances = 10;
const LowBalances = v.pipe(
  v.array(Count),
  v.maxLength(maxLowBalances),
  v.check((balances) => new Set(balances).size === balances.length, 'must name each balance once'),
);

export const Me = v.strictObject({
  account_id: Id,
  email: v.string(),
  created_at: Timestamp,
  /** Balances that webhook endpoints are told of, as `balance.low`, when the account's falls to them. */
  low_balance_bytes: v.array(Count),
});

/** A member that is given replaces what was there. */
export const UpdateMeRequest = v.pipe(
  v.strictObject({
    password: v.optional(NewPassword),
    /** Needed for a new password. */
    current_password: v.optional(GivenPassword),
    low_balance_bytes: v.optional(LowBalances),
  }),
  v.forward(
    v.partialCheck(
      [['password'], ['current_password']],
      ({ password, current_password: current }) => password === undefined || current !== undefined,
      'is required',
    ),
    ['current_password'],
  ),
);
