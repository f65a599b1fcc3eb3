import * as v from 'valibot';
import { isOfCalendar } from '../units.ts';

const cursorHint = 'must be a next_cursor';
/** RFC 3339 with microseconds. */
const timeLength = 27;

/**
 * Where a list by age goes on: when the last row of the page before was made, exactly, and its id. So the list goes on where
 * that row is gone meanwhile.
 */
export const PlaceCursor = v.pipe(
  v.string(),
  v.regex(/^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}\.\d{6}Z~[a-z]{2,12}_[0-9A-Za-z]{4,48}$/, cursorHint),
  v.check((text) => isOfCalendar(text.slice(0, timeLength)), cursorHint),
);
