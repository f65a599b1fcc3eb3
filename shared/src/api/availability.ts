import * as v from 'valibot';
import { Grade } from '../exit.ts';
import { Count, CountryCode, Timestamp } from '../units.ts';
import { GivenCountry } from './node.ts';

/** Which countries; all of them unless given. */
export const AvailabilityQuery = v.strictObject({ country: v.optional(GivenCountry) });

/** What a dial to one country finds. */
export const CountryAvailability = v.strictObject({
  country: CountryCode,
  /** Live exits. */
  exits: Count,
  /** The grade that most of them have. */
  dominant_grade: Grade,
  /** 0 to 100, one decimal. */
  mean_purity: v.number(),
  grades: v.strictObject({ S: Count, A: Count, B: Count }),
  /** Share of the last hour's dials that succeeded, 0 to 1; `null` without any. */
  dial_success: v.nullable(v.number()),
});
export type CountryAvailability = v.InferOutput<typeof CountryAvailability>;

export const Availability = v.strictObject({ observed_at: Timestamp, countries: v.array(CountryAvailability) });
