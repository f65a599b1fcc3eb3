import * as v from 'valibot';

/** Bytes in the GB that is sold. Source: CONTRACT, introduction. */
export const bytesPerGb = 1_000_000_000;

/** Bytes in one KiB, for buffers and the opening allowance. */
export const bytesPerKib = 1024;

/** A count of bytes (or of anything else): an integer from 0 to 2^53 - 1. */
export const Count = v.pipe(v.number(), v.safeInteger(), v.minValue(0));

/** An integer that may be negative, as a balance after an overspend is: -(2^53 - 1) to 2^53 - 1. */
export const SignedBytes = v.pipe(v.number(), v.safeInteger());

const timestampHint = 'must be an RFC 3339 time in UTC, like 2026-11-20T12:00:00Z';

/** A moment that exists, RFC 3339 in UTC with `T` and `Z`, as every time on every wire. */
export const Timestamp = v.config(
  v.pipe(v.string(), v.isoTimestamp(timestampHint), v.check(isUtcMoment, timestampHint)),
  { abortPipeEarly: true },
);

function isUtcMoment(text: string): boolean {
  return text.charAt(10) === 'T' && text.endsWith('Z') && isOfCalendar(text);
}

/** What a database knows no year 0 for, or rounds into a year of five digits, which no wire can say. */
const beyondCalendar = /^(?:0000|9999-12-31T23:59:59\.9{6})/;

/** Tells 31 February, which a pattern lets through and a database does not, from a day of the calendar. */
export function isOfCalendar(text: string): boolean {
  return !beyondCalendar.test(text) && new Date(text).getUTCDate() === Number(text.slice(8, 10));
}

/** An ISO 3166-1 alpha-2 shaped country code, upper case. */
export const CountryCode = v.pipe(v.string(), v.regex(/^[A-Z]{2}$/, 'must be two upper-case letters'));

/** An identifier we made: a short type prefix, `_`, then base62 or hex. At most 64 characters. */
export const Id = v.pipe(v.string(), v.regex(/^[a-z]{2,12}_[0-9A-Za-z]{4,48}$/, 'must be an id'));

/** One line of text for people: at most so many characters, none of them a control character or half of one. */
export const Line = (maxLength: number) =>
  v.pipe(
    v.string(),
    v.maxLength(maxLength),
    // oxlint-disable-next-line no-control-regex -- they are what is refused
    v.regex(/^[^\u0000-\u001f\u007f]*$/, 'must not hold control characters'),
    v.check((text) => text.isWellFormed(), 'must be well-formed Unicode'),
  );

/** A host as it is dialled: a name or an address. Whether it is one of these, the dial will show. */
export const Host = v.pipe(
  v.string(),
  v.minLength(1),
  v.maxLength(255),
  // oxlint-disable-next-line no-control-regex -- they are what is refused
  v.regex(/^[^\u0000-\u0020\u007f]*$/, 'must not hold control characters or spaces'),
  v.check((text) => text.isWellFormed(), 'must be well-formed Unicode'),
);
