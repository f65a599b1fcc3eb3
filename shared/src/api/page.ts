import * as v from 'valibot';

/** What is said of a cursor that is none, or another list's. */
export const cursorHint =
  'must be the next_cursor of a page of this list; without it the list begins at its first page';

/** The most characters of a cursor. */
const maxCursorCharacters = 512;

/** The `next_cursor` of the page before. What is in it is the API's own affair. */
export const Cursor = v.pipe(
  v.string(),
  v.maxLength(maxCursorCharacters, cursorHint),
  v.regex(/^[A-Za-z0-9_-]+$/, cursorHint),
);

/** How much of a list, and from where. */
export const PageQuery = v.strictObject({
  limit: v.optional(v.pipe(v.string(), v.regex(/^(?:[1-9][0-9]?|100)$/, 'must be an integer from 1 to 100')), '50'),
  cursor: v.optional(Cursor),
});
