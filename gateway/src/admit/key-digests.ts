import { createHmac, timingSafeEqual } from 'node:crypto';
import { readProxyKey } from '@marvel/shared/key-format';
import { proxyKeyDigestInput, subUserDigestInput } from '@marvel/shared/credential-digest';
import type { Principal } from '../admission.ts';

/** A good key. */
interface Kept {
  readonly digest: Uint8Array;
  /** Who it stood for when the feed was at `version`. */
  principal: Principal | undefined;
  version: number;
}

/** Keys whose digest is kept: more than are in use at once, at about 500 bytes each. */
const maxEntries = 20_000;
/** What the password of a sub-user that does not exist is compared with. */
const nobodysDigest = Buffer.alloc(32);
/** As long as a key. */
const nobodysKey = 'mk_live_00000000000000000000000000000000000000';

/**
 * The digests of credentials under the fleet's pepper. Those of good keys are kept, since a digest never changes, and with
 * each whom it stands for, which counts only until the feed changes anything at all: so nothing here can be stale.
 */
export class KeyDigests {
  readonly #pepper: string;
  /** The one kept longest comes first. */
  readonly #entries = new Map<string, Kept>();
  #made = 0;

  constructor(pepper: string) {
    this.#pepper = pepper;
  }

  /** How many were made so far: what was kept is found faster. */
  get made(): number {
    return this.#made;
  }

  /** Does for nobody what an unknown key costs. */
  makeInVain(): void {
    readProxyKey(nobodysKey);
    this.#make(proxyKeyDigestInput(nobodysKey));
  }

  /** The digest of a key; `undefined` when its form or checksum tells that it is none. */
  digestOf(key: string): Uint8Array | undefined {
    const kept = this.#entries.get(key);
    if (kept !== undefined) return kept.digest;
    const isKey = readProxyKey(key) !== undefined;
    // Made for a typo too, so that its refusal takes no less time.
    const digest = this.#make(proxyKeyDigestInput(isKey ? key : nobodysKey));
    return isKey ? digest : undefined;
  }

  /** Whether a password is that of a sub-user, whose digest the feed holds as base64url. Takes as long when there is none. */
  isOfSubUser(username: string, password: string, digest: string | undefined): boolean {
    const expected = digest === undefined ? nobodysDigest : Buffer.from(digest, 'base64url');
    const actual = this.#make(subUserDigestInput(username, password));
    return expected.length === actual.length && timingSafeEqual(actual, expected) && digest !== undefined;
  }

  /** Whom a key stood for at this version of the feed, if it was good and was asked for since. */
  principalOf(key: string, version: number): Principal | undefined {
    const kept = this.#entries.get(key);
    return kept?.version === version ? kept.principal : undefined;
  }

  /** Keeps what is known of a key that turned out to be good; guesses are never kept. */
  keep(key: string, digest: Uint8Array, principal: Principal | undefined, version: number): void {
    const kept = this.#entries.get(key);
    if (kept !== undefined) {
      kept.principal = principal;
      kept.version = version;
      return;
    }
    if (this.#entries.size >= maxEntries) {
      for (const oldest of this.#entries.keys()) {
        this.#entries.delete(oldest);
        break;
      }
    }
    this.#entries.set(key, { digest, principal, version });
  }

  #make(input: ReturnType<typeof proxyKeyDigestInput>): Buffer {
    this.#made += 1;
    return createHmac('sha256', this.#pepper).update(input).digest();
  }
}
