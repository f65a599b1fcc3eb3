import type { FailureCode } from './failures.ts';
import { err, ok, type Result } from './result.ts';

/** What a client asks of the exit, as the password of the Marvel dialect says it. */
export interface Target {
  /** Two letters, upper case. */
  readonly country: string;
  /** Sticky session, `[A-Za-z0-9_]{1,64}`; absent for a rotating exit. */
  readonly session?: string;
  /** 0 to 100; 0 when not asked for. */
  readonly minPurity: number;
}

/** The failure codes that reading a target can give. */
export type TargetFailure = Extract<
  FailureCode,
  | 'target_missing_country'
  | 'target_invalid_country'
  | 'target_asn_unsupported'
  | 'target_unknown_field'
  | 'target_duplicate_field'
  | 'target_malformed'
  | 'target_invalid_session'
  | 'target_invalid_min_purity'
>;

/** The longest target that can be valid, in characters; a longer one is malformed without being split. */
export const maxTargetLength = 256;

const countryPattern = /^[A-Za-z]{2}$/;
const sessionPattern = /^[A-Za-z0-9_]{1,64}$/;
const minPurityPattern = /^(?:0|[1-9][0-9]?|100)$/;

/**
 * Reads a Marvel target: `<key>-<value>` pairs joined by `-`.
 *
 * When several mistakes meet, malformed wins, then the first from left to right, then the missing country.
 * Source: CONTRACT 3.2.
 */
export function parseTarget(text: string): Result<Target, TargetFailure> {
  if (text === '') return err('target_missing_country');
  if (text.length > maxTargetLength) return err('target_malformed');
  const tokens = text.split('-');
  if (tokens.length % 2 !== 0 || tokens.includes('')) return err('target_malformed');

  let country: string | undefined;
  let session: string | undefined;
  let minPurity: number | undefined;
  for (let index = 0; index < tokens.length; index += 2) {
    const key = tokens[index] ?? '';
    const value = tokens[index + 1] ?? '';
    switch (key) {
      case 'country':
        if (country !== undefined) return err('target_duplicate_field');
        if (!countryPattern.test(value)) return err('target_invalid_country');
        country = value.toUpperCase();
        break;
      case 'session':
        if (session !== undefined) return err('target_duplicate_field');
        if (!sessionPattern.test(value)) return err('target_invalid_session');
        session = value;
        break;
      case 'min_purity':
        if (minPurity !== undefined) return err('target_duplicate_field');
        if (!minPurityPattern.test(value)) return err('target_invalid_min_purity');
        minPurity = Number(value);
        break;
      case 'asn':
      case 'isp':
        return err('target_asn_unsupported');
      default:
        return err('target_unknown_field');
    }
  }
  if (country === undefined) return err('target_missing_country');
  return ok({ country, minPurity: minPurity ?? 0, ...(session === undefined ? {} : { session }) });
}

/** Writes a target so that `parseTarget` reads it back. The caller vouches for the parts. */
export function formatTarget(target: {
  country: string;
  session?: string | undefined;
  minPurity?: number | undefined;
}): string {
  const session = target.session === undefined ? '' : `-session-${target.session}`;
  const purity = target.minPurity ? `-min_purity-${target.minPurity}` : '';
  return `country-${target.country}${session}${purity}`;
}

/** Whether text may be a session id. */
export function isSessionId(text: string): boolean {
  return sessionPattern.test(text);
}
