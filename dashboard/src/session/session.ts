import { signal } from '@preact/signals';

const storageKey = 'marvel.session';

/**
 * The bearer token of the signed-in account. It lives as long as its tab: a payment leaves the site and comes back, which
 * memory would not survive. Source: docs/decisions/0009-dashboard.md.
 */
export const sessionToken = signal(readStored());

/** Why nobody is signed in, when somebody was. */
export const farewell = signal<'ended' | 'signed_out' | undefined>(undefined);

/** The operator's token, in memory only: it opens everything, and a reload forgets it. */
export const operatorToken = signal<string | undefined>(undefined);

function readStored(): string | undefined {
  try {
    return window.sessionStorage.getItem(storageKey) ?? undefined;
  } catch {
    return undefined; // storage can be forbidden; then a reload signs out
  }
}

export function startSession(token: string): void {
  sessionToken.value = token;
  farewell.value = undefined;
  try {
    window.sessionStorage.setItem(storageKey, token);
  } catch {
    // memory has it
  }
}

export function endSession(reason: 'ended' | 'signed_out'): void {
  sessionToken.value = undefined;
  farewell.value = reason;
  try {
    window.sessionStorage.removeItem(storageKey);
  } catch {
    // nothing was stored
  }
}
