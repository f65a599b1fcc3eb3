import { err, ok, type Result } from '@marvel/shared/result';
import * as v from 'valibot';
import { invalidRequest, type StripeFailure } from './failure.ts';
import type { FormTree } from './form.ts';

/** A whole number as a form writes it. */
export const Integer = v.pipe(
  v.string(),
  v.regex(/^-?\d{1,15}$/, 'Invalid integer'),
  v.transform((text) => Number(text)),
);

/** An amount of money in the currency's smallest unit; the upper bound is Stripe's. */
export const Amount = v.pipe(
  Integer,
  v.minValue(0, 'Invalid non-negative integer'),
  v.maxValue(99_999_999, 'Amount must be no more than 99999999'),
);

export const Flag = v.pipe(
  v.picklist(['true', 'false'], 'Invalid boolean'),
  v.transform((text) => text === 'true'),
);

export const Text = v.pipe(
  v.string(),
  v.minLength(1, 'You passed an empty string'),
  v.maxLength(5_000, 'Text too long'),
);

const currencies: ReadonlySet<string> = new Set(Intl.supportedValuesOf('currency'));

/** Three letters of a currency that there is, written small. */
export const Currency = v.pipe(
  v.string(),
  v.check((text) => currencies.has(text.toUpperCase()), 'Invalid currency'),
  v.transform((text) => text.toLowerCase()),
);

export const WebUrl = v.pipe(v.string(), v.url('Not a valid URL'), v.regex(/^https?:/, 'Not a valid URL'));

/** Up to 50 keys of 40 characters and values of 500; an empty value removes its key. Source: docs.stripe.com/api/metadata. */
export const Metadata = v.pipe(
  v.record(v.pipe(v.string(), v.maxLength(40)), v.pipe(v.string(), v.maxLength(500))),
  v.check((entries) => Object.keys(entries).length <= 50, 'You can specify up to 50 keys'),
);

/** The entries of `name[0]`, `name[1]`, … in their order. */
export function listOf<Entry>(item: v.GenericSchema<unknown, Entry>, max: number) {
  return v.pipe(
    v.record(v.pipe(v.string(), v.regex(/^\d{1,4}$/, 'Invalid array')), item),
    v.transform((entries) =>
      Object.entries(entries)
        .toSorted(([a], [b]) => Number(a) - Number(b))
        .map(([, entry]) => entry),
    ),
    v.maxLength(max, `Array too long (maximum ${max} elements)`),
  );
}

export const Expand = v.optional(listOf(v.string(), 20), {});

/** What every list takes. */
export const PageParams = {
  limit: v.optional(v.pipe(Integer, v.minValue(1), v.maxValue(100)), '10'),
  starting_after: v.optional(Text),
  ending_before: v.optional(Text),
  created: v.optional(
    v.union([
      Integer,
      v.strictObject({
        gt: v.optional(Integer),
        gte: v.optional(Integer),
        lt: v.optional(Integer),
        lte: v.optional(Integer),
      }),
    ]),
  ),
  expand: Expand,
};

function writeName(path: readonly unknown[]): string {
  const [first = '', ...rest] = path.map(String);
  return [first, ...rest.map((part) => `[${part}]`)].join('');
}

function describe(issue: v.BaseIssue<unknown>): StripeFailure {
  const param = writeName((issue.path ?? []).map((part) => part.key));
  const isUnknown = issue.type === 'strict_object' && issue.expected === 'never';
  if (isUnknown) return invalidRequest('parameter_unknown', `Received unknown parameter: ${param}`, param);
  if (issue.input === undefined) return invalidRequest('parameter_missing', `Missing required param: ${param}.`, param);
  if (issue.type === 'picklist')
    return invalidRequest(undefined, `Invalid ${param}: must be one of ${issue.expected}`, param);
  return invalidRequest('parameter_invalid', `${issue.message}: ${param}`, param);
}

/**
 * Reads parameters by their schema.
 *
 * Errors: the first mistake, as Stripe tells it. A parameter that the stand-in does not know is one too: better than to
 * take it and do nothing.
 */
export function readParams<const Schema extends v.GenericSchema>(
  schema: Schema,
  form: FormTree,
): Result<v.InferOutput<Schema>, StripeFailure> {
  const parsed = v.safeParse(schema, form, { abortPipeEarly: true });
  return parsed.success ? ok(parsed.output) : err(describe(parsed.issues[0]));
}
