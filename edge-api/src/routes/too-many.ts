import type { Failure } from '@marvel/shared/failures';

/** What an account is told that has as many of something as it may have. */
export function tooMany(max: number, what: string): Failure {
  return { code: 'conflict', message: `An account can have at most ${max} ${what}` };
}
