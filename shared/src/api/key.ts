import * as v from 'valibot';
import { Limits } from '../limits.ts';
import { Id, Line, Timestamp } from '../units.ts';

const Label = Line(100);
/** `test` keys never bill, reach no exit, and are refused with any failure they ask for. */
const Mode = v.picklist(['live', 'test']);

export const CreateKeyRequest = v.strictObject({
  label: v.optional(Label, ''),
  limits: v.optional(Limits, {}),
  mode: v.optional(Mode, 'live'),
});

/** A member that is given replaces what was there; `limits` as a whole. */
export const UpdateKeyRequest = v.strictObject({ label: v.optional(Label), limits: v.optional(Limits) });

export const Key = v.strictObject({
  id: Id,
  /** The first 12 characters of the key. */
  prefix: v.string(),
  label: v.string(),
  mode: Mode,
  created_at: Timestamp,
  last_used_at: v.nullable(Timestamp),
  revoked_at: v.nullable(Timestamp),
  limits: Limits,
});
export type Key = v.InferOutput<typeof Key>;

export const CreatedKey = v.strictObject({
  id: Id,
  /** The whole key, shown once. */
  key: v.string(),
  prefix: v.string(),
  label: v.string(),
  mode: Mode,
  limits: Limits,
});

/** Every key of the account that is good, newest first, and after them revoked ones. */
export const KeyList = v.array(Key);
