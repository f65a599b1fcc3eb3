import * as v from 'valibot';
import { isOfCalendar } from '../units.ts';

/** A moment in a query: RFC 3339, or a date that stands for its first moment in UTC. */
export const Moment = v.pipe(
  v.string(),
  v.regex(
    /^\d{4}-\d{2}-\d{2}(?:T\d{2}:\d{2}:\d{2}(?:\.\d{1,9})?Z)?$/,
    'must be a date or an RFC 3339 time in UTC, like 2026-11-20T12:00:00Z',
  ),
  v.check(isOfCalendar, 'must be a date that exists'),
);
