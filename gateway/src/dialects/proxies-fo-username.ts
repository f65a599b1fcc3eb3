import type { FailureCode } from '@marvel/shared/failures';
import { err, ok, type Result } from '@marvel/shared/result';
import { iso31661 } from 'iso-3166/1.js';
import { iso31662 } from 'iso-3166/2.js';

/** What the modifiers in a proxies.fo user name ask for. */
export interface FoModifiers {
  /** Two letters, upper case; absent for any country. */
  readonly country?: string;
  /** Lower case, as in exit records. */
  readonly state?: string;
  /** A name as in exit records; absent also for `city-ran`, which leaves the city to the network. */
  readonly city?: string;
  readonly session?: string;
  /** 1 to 1440. */
  readonly ttlMinutes?: number;
}

/** A user name as sent: who it is, and what it asks for. A mistake in the modifiers leaves the user readable. */
export interface FoUsername {
  readonly user: string;
  readonly modifiers: Result<FoModifiers, FailureCode>;
}

type Draft = { -readonly [Member in keyof FoModifiers]: FoModifiers[Member] };
type Modifier = (value: string, draft: Draft) => FailureCode | undefined;

const maxTtlMinutes = 1440;
const countries: ReadonlySet<string> = new Set(
  iso31661.filter((entry) => entry.state === 'assigned').map((entry) => entry.alpha2.toLowerCase()),
);
const subdivisions: ReadonlySet<string> = new Set(iso31662.map((entry) => entry.code.toLowerCase()));

/** One reader a modifier; each stores what it read or says what is wrong. */
const modifiers: ReadonlyMap<string, Modifier> = new Map<string, Modifier>([
  [
    'country',
    (value, draft) => {
      if (!countries.has(value)) return 'target_invalid_country';
      draft.country = value.toUpperCase();
      return undefined;
    },
  ],
  [
    'state',
    (value, draft) => {
      if (!/^[a-z0-9]{1,8}$/.test(value)) return 'target_invalid_state';
      draft.state = value;
      return undefined;
    },
  ],
  [
    'city',
    (value, draft) => {
      if (!/^[a-z0-9]{1,40}$/.test(value)) return 'target_invalid_city';
      if (value !== 'ran') draft.city = value;
      return undefined;
    },
  ],
  [
    'session',
    (value, draft) => {
      if (!/^[A-Za-z0-9_]{1,64}$/.test(value)) return 'target_invalid_session';
      draft.session = value;
      return undefined;
    },
  ],
  [
    'ttl',
    (value, draft) => {
      if (!/^[1-9][0-9]{0,3}$/.test(value) || Number(value) > maxTtlMinutes) return 'target_invalid_ttl';
      draft.ttlMinutes = Number(value);
      return undefined;
    },
  ],
]);

/**
 * Reads `USER[-country-<cc>][-state-<code>][-city-<name>|-city-ran][-session-<id>][-ttl-<minutes>]`, lower case, each
 * modifier once. `targeted`: whether the listener's network takes modifiers at all; elsewhere one is an unknown one.
 *
 * Errors: the first mistake from left to right; then a state or city that no country was given for, or that the country
 * does not have. Unknown and dangling modifiers are `unauthenticated`. Source: CONTRACT 3.3.
 */
export function readFoUsername(text: string, targeted: boolean): FoUsername {
  const [user = '', ...tokens] = text.split('-');
  if (tokens.length > 0 && !targeted) return { user, modifiers: err('unauthenticated') };
  return { user, modifiers: readModifiers(tokens) };
}

function readModifiers(tokens: readonly string[]): Result<FoModifiers, FailureCode> {
  if (tokens.length % 2 !== 0) return err('unauthenticated');
  const draft: Draft = {};
  const seen = new Set<string>();
  for (let index = 0; index < tokens.length; index += 2) {
    const name = tokens[index] ?? '';
    const modifier = modifiers.get(name);
    if (modifier === undefined || seen.has(name)) return err('unauthenticated');
    seen.add(name);
    const failure = modifier(tokens[index + 1] ?? '', draft);
    if (failure !== undefined) return err(failure);
  }
  if (draft.state !== undefined && !subdivisions.has(`${draft.country ?? ''}-${draft.state}`.toLowerCase())) {
    return err('target_invalid_state');
  }
  if (draft.city !== undefined && draft.country === undefined) return err('target_invalid_city');
  return ok(draft);
}
