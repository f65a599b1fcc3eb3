import type { BanRule } from '../domain/rate-window.ts';
import { clientNetworkOf, type Counting, take } from './rate-limit.ts';

/** Within what time wrong guesses earn a ban, and how long it lasts. */
const banTimes: Omit<BanRule, 'failures'> = { windowMs: 600_000, banMs: 900_000 };

/** Notes that a credential was wrong: repeated failures ban who is counted by that name. */
export async function noteGuess(name: string, { env, log }: Counting): Promise<void> {
  try {
    await env.RATE_LIMITER?.getByName(name).fail({ ...banTimes, failures: env.SIGN_IN_BAN_FAILURES });
  } catch (error) {
    log.error('rate_limiter_failed', error);
  }
}

/** Whether the address of a request is banned at a door for its guesses; not while nobody counts. */
export async function isBanned(door: string, headers: Headers, services: Counting): Promise<boolean> {
  const rule = { max: Number.MAX_SAFE_INTEGER, windowMs: banTimes.windowMs };
  const taken = await take(guesser(door, headers), rule, services);
  return taken.ok && !taken.value.isAllowed;
}

/** The name by which an address that guesses at a door is counted. */
export function guesser(door: string, headers: Headers): string {
  return `${door}/${clientNetworkOf(headers)}`;
}
