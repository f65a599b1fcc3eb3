import * as v from 'valibot';
import { Id, Line, Timestamp } from '../units.ts';
import { Email } from './account.ts';

const Name = v.pipe(Line(100), v.minLength(1));

export const CreateCustomerRequest = v.strictObject({
  name: Name,
  email: v.optional(v.nullable(Email), null),
  /** What the account itself calls this customer; never two at once with the same. */
  reference: v.optional(v.nullable(v.pipe(Line(100), v.minLength(1))), null),
  /** Whose limits follow the plan; a sub-user has one customer at most. */
  sub_user_id: v.optional(v.nullable(Id), null),
});

/** A member that is given replaces what was there. */
export const UpdateCustomerRequest = v.strictObject({
  name: v.optional(Name),
  email: v.optional(v.nullable(Email)),
  reference: v.optional(v.nullable(v.pipe(Line(100), v.minLength(1)))),
  /** Not while a subscription of the customer goes on. */
  sub_user_id: v.optional(v.nullable(Id)),
});

/** Somebody whom the account sells to. */
export const Customer = v.strictObject({
  id: Id,
  name: v.string(),
  email: v.nullable(v.string()),
  reference: v.nullable(v.string()),
  sub_user_id: v.nullable(Id),
  created_at: Timestamp,
});
export type Customer = v.InferOutput<typeof Customer>;

/** Newest first; `next_cursor` is `null` on the last page. */
export const CustomerList = v.strictObject({ data: v.array(Customer), next_cursor: v.nullable(v.string()) });
