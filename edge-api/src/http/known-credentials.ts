import { toBase64Url } from '@marvel/shared/credential-digest';

/** For how long something counts as good after it was; its owner is looked up with every request all the same. */
const rememberedMs = 600_000;
/** Beyond it the one known longest is forgotten, whose next request is counted by its address once. */
const maxRemembered = 50_000;

/** Credentials that were good lately in this isolate, by a digest of each. */
class KnownCredentials {
  readonly #seenAtMs = new Map<string, number>();

  async has(credential: string, nowMs: number): Promise<boolean> {
    const seenAtMs = this.#seenAtMs.get(await digestOf(credential));
    return seenAtMs !== undefined && nowMs - seenAtMs < rememberedMs;
  }

  async add(credential: string, nowMs: number): Promise<void> {
    const digest = await digestOf(credential);
    const [oldest] = this.#seenAtMs.keys();
    if (this.#seenAtMs.size >= maxRemembered && !this.#seenAtMs.has(digest) && oldest !== undefined) {
      this.#seenAtMs.delete(oldest);
    }
    this.#seenAtMs.set(digest, nowMs);
  }

  async delete(credential: string): Promise<void> {
    this.#seenAtMs.delete(await digestOf(credential));
  }
}

export const knownCredentials = new KnownCredentials();

async function digestOf(credential: string): Promise<string> {
  const bytes = await crypto.subtle.digest('SHA-256', new TextEncoder().encode(credential));
  return toBase64Url(new Uint8Array(bytes));
}
