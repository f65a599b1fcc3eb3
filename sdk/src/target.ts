import { failures } from '@marvel/shared/failures';
import { formatTarget, parseTarget } from '@marvel/shared/target';
import type { Target, TargetFailure } from './schema-types.ts';

/** A target that no gateway would take, in the words in which a gateway says so. */
export class MarvelTargetError extends TypeError {
  override readonly name = 'MarvelTargetError';
  readonly code: TargetFailure;
  /** What fixes it. */
  readonly fix: string;

  constructor(code: TargetFailure) {
    super(failures[code].reason);
    this.code = code;
    this.fix = failures[code].fix;
  }
}

/** What to ask of the exit. */
export interface TargetParts {
  /** Two letters, in either case. */
  readonly country: string;
  /** Makes the exit sticky: 1 to 64 letters, digits or underscores. */
  readonly session?: string | undefined;
  /** 0 to 100. */
  readonly minPurity?: number | undefined;
}

/** Reads a proxy password, as the gateways do. Errors: throws `MarvelTargetError`. */
export function readTarget(text: string): Target {
  const target = parseTarget(text);
  if (!target.ok) throw new MarvelTargetError(target.error);
  return target.value;
}

/** Writes the proxy password that asks for such an exit. Errors: throws `MarvelTargetError`. */
export function writeTarget(parts: TargetParts): string {
  const text = formatTarget(parts);
  const { country, session, minPurity } = readTarget(text);
  // A part that holds a hyphen would be read as something else.
  const isSame =
    country === parts.country.toUpperCase() && session === parts.session && minPurity === (parts.minPurity ?? 0);
  if (!isSame) throw new MarvelTargetError('target_malformed');
  return formatTarget({ country, session, minPurity });
}
