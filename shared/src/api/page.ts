import * as v from 'valibot';
import { Id } from '../units.ts';

/** How much of a list, and from where. */
export const PageQuery = v.strictObject({
  limit: v.optional(v.pipe(v.string(), v.regex(/^(?:[1-9][0-9]?|100)$/, 'must be an integer from 1 to 100')), '50'),
  /** The `next_cursor` of the page before. */
  cursor: v.optional(Id),
});
