import * as v from 'valibot';
import { Limits } from '../limits.ts';
import { Id, Line, Timestamp } from '../units.ts';
import { Email } from './account.ts';

/** Letters, digits and underscore, since a modifier begins with `-` in the proxies.fo dialect. */
const Username = v.pipe(v.string(), v.regex(/^[A-Za-z0-9_]{1,64}$/, 'must be 1 to 64 letters, digits or underscores'));
const Password = v.pipe(
  v.string(),
  v.regex(/^[\x21-\x7e]{8,128}$/, 'must be 8 to 128 visible ASCII characters without spaces'),
);
const PersonalText = Line(100);

export const CreateSubUserRequest = v.strictObject({
  username: Username,
  /** Made for you when absent. */
  password: v.optional(Password),
  limits: v.optional(Limits, {}),
  first_name: v.optional(PersonalText),
  last_name: v.optional(PersonalText),
  email: v.optional(Email),
});

/** A member that is given replaces what was there; `limits` as a whole. */
export const UpdateSubUserRequest = v.strictObject({
  limits: v.optional(Limits),
  first_name: v.optional(v.nullable(PersonalText)),
  last_name: v.optional(v.nullable(PersonalText)),
  email: v.optional(v.nullable(Email)),
});

export const RotateSubUserRequest = v.strictObject({ password: v.optional(Password) });

export const SubUser = v.strictObject({
  id: Id,
  username: v.string(),
  first_name: v.nullable(v.string()),
  last_name: v.nullable(v.string()),
  email: v.nullable(v.string()),
  created_at: Timestamp,
  last_used_at: v.nullable(Timestamp),
  limits: Limits,
});
export type SubUser = v.InferOutput<typeof SubUser>;

export const CreatedSubUser = v.strictObject({
  id: Id,
  username: v.string(),
  /** Shown once. */
  password: v.string(),
  limits: Limits,
});

export const SubUserList = v.strictObject({ data: v.array(SubUser), next_cursor: v.null() });
