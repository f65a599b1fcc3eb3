import { readProxyKey } from '@marvel/shared/key-format';
import type { OfferedCredential } from '../offer.ts';

/**
 * Whether a refused credential may have been a guess, which counts towards a ban of its address. A key whose checksum fits
 * is none: 190 random bits are not guessed, and it may have been made a second ago, or be a revoked one that many behind
 * the same address still use.
 */
export function isGuess(shown: OfferedCredential | undefined): boolean {
  return shown?.kind !== 'key' || readProxyKey(shown.key) === undefined;
}
