import { operatorToken } from '../session/session.ts';
import { connectKey } from '../pages/connect/connect-key.ts';

const storageKey = 'marvel.reloaded';
const askTimeoutMs = 10_000;

/** Whether another version of the dashboard is served now than this one. Errors: rejects when that cannot be asked. */
async function isReplaced(): Promise<boolean> {
  const script = document.querySelector('script[type="module"][src]')?.getAttribute('src');
  const reply = await fetch('/', { cache: 'no-store', signal: AbortSignal.timeout(askTimeoutMs) });
  const text = await reply.text();
  // What stands between this page and the service may answer with a page of its own.
  const isDashboard = reply.ok && text.includes('id="app"');
  return isDashboard && typeof script === 'string' && !text.includes(`"${script}"`);
}

/** Whether nothing was reloaded for the sake of a page that has not come yet: so it is done once, whatever is served. */
function isFirstReload(): boolean {
  try {
    if (window.sessionStorage.getItem(storageKey) !== null) return false;
    window.sessionStorage.setItem(storageKey, 'yes');
    return true;
  } catch {
    return false; // where nothing can be remembered, it might be done for ever
  }
}

/** To be called when the code of a page has come: should one be gone later, that is another matter. */
export function forgetReload(): void {
  try {
    window.sessionStorage.removeItem(storageKey);
  } catch {
    // nothing was remembered
  }
}

/** What a reload takes away, because only the memory of this tab has it. */
export function heldInMemory(): { readonly key: string | undefined; readonly isOperator: boolean } {
  const key = connectKey.value.trim();
  return { key: key === '' ? undefined : key, isOperator: operatorToken.value !== undefined };
}

/** Why the code of a page did not come: a newer version took its place, or it is not known. */
export type Loss = 'replaced' | 'unknown';

export async function judgeLoss(): Promise<Loss> {
  return (await isReplaced().catch(() => false)) ? 'replaced' : 'unknown';
}

/** Loads the newer version, once; not where that takes away what only the memory of this tab has. Gives whether it does. */
export function reloadOnce(): boolean {
  const { key, isOperator } = heldInMemory();
  if (key !== undefined || isOperator || !isFirstReload()) return false;
  window.location.reload();
  return true;
}
