import * as v from 'valibot';
import { Id, Line, Timestamp } from '../units.ts';

/** An e-mail address; its case does not matter. */
export const Email = v.pipe(v.string(), v.maxLength(254), v.toLowerCase(), v.email());

export const NewPassword = v.pipe(v.string(), v.minLength(8), v.maxLength(256));

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

export const Me = v.strictObject({ account_id: Id, email: v.string(), created_at: Timestamp });

export const ChangePasswordRequest = v.strictObject({ password: NewPassword, current_password: GivenPassword });
