import type { Exit } from '@marvel/shared/exit';
import type { Limits } from '@marvel/shared/limits';
import type { Destination, ExitWish, PinView } from './offer.ts';

/** What a principal was known by, as the feed holds it. */
export type Proof =
  | { readonly kind: 'key'; readonly digest: Uint8Array }
  /** `digest`: that of the password, base64url. */
  | { readonly kind: 'sub_user'; readonly id: string; readonly digest: string }
  /** `subUser`: the one that the source stands for, `null` for the account itself. */
  | { readonly kind: 'source'; readonly id: string; readonly address: string; readonly subUser: string | null };

/** Who a good credential stands for. */
export interface Principal {
  readonly account: string;
  /** The most tunnels of the account; `null` for any number. */
  readonly accountThreads: number | null;
  /** Id of the key, the sub-user, or the source that is authorised for the account itself. */
  readonly credential: string;
  readonly proof: Proof;
  readonly limits: Limits;
  /** When the credential ends, ms since 1970; `Infinity` for never. Kept up to date for what is open. */
  expiresAtMs: number;
  /** The account's id and `<credential id>/<window>` for each cap; empty for a test key, which never bills. */
  readonly budgets: readonly string[];
  /** Of an `mk_test_` key: nothing of it leaves the gateway. */
  readonly isTest: boolean;
}

/** An offer that may be served. */
export interface Admission {
  readonly principal: Principal;
  readonly wish: ExitWish;
  readonly destination: Destination;
}

/** The exit to dial, and the pin that a sticky session has on it. */
export interface ExitChosen {
  readonly exit: Exit;
  readonly pin: PinView | undefined;
}
