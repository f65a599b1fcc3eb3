import { bytesPerGb } from '@marvel/shared/units';
import * as v from 'valibot';

/** The most that a field can say: a petabyte. */
const maxGb = 1_000_000;

/** Gigabytes as text, to the byte; whole bytes from here on. */
export const Gigabytes = v.pipe(
  v.string(),
  v.regex(/^(?:0|[1-9][0-9]{0,6})(?:\.[0-9]{1,9})?$/, `must be a number of gigabytes, at most ${maxGb}`),
  v.transform((text) => Math.round(Number(text) * bytesPerGb)),
  v.maxValue(maxGb * bytesPerGb, `must be a number of gigabytes, at most ${maxGb}`),
);

/** Bytes as a number of gigabytes. */
export function toGigabytes(bytes: number): number {
  return bytes / bytesPerGb;
}
