import type { Exit } from '@marvel/shared/exit';
import type { Limits } from '@marvel/shared/limits';
import type { Destination, ExitWish, PinView } from './offer.ts';

/** Who a good credential stands for. */
export interface Principal {
  readonly account: string;
  /** Id of the key, sub-user or authorised source. */
  readonly credential: string;
  /** What the key was found by in the feed. */
  readonly digest: Uint8Array;
  readonly limits: Limits;
  /** When the credential ends, ms since 1970; `Infinity` for never. */
  readonly expiresAtMs: number;
  /** The account's id and `<credential id>/<window>` for each cap; empty for a test key, which never bills. */
  readonly budgets: readonly string[];
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
