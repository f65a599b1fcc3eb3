import { chooseExit, type ExitWanted, fits, isLive } from '@marvel/shared/choose-exit';
import type { Exit } from '@marvel/shared/exit';
import { err, ok, type Result } from '@marvel/shared/result';
import type { ExitChosen } from '../admission.ts';
import type { FleetChange, FleetView } from '../fleet-view.ts';
import type { PinLine } from '@marvel/shared/usage-batch';
import type { ExitWish } from '../offer.ts';
import { type Pin, Pins } from './pins.ts';
import { RotatingPools } from './rotating-pools.ts';

/** How long a pin lasts, unless its exit ends before. Source: CONTRACT 3.6. */
const pinMs = 600_000;

/** Chooses exits over the feed's records, and keeps the pins of sticky sessions. Source: CONTRACT 3.6. */
export class ExitChooser {
  readonly #fleet: FleetView;
  readonly #pools: RotatingPools;
  readonly #pins = new Pins();
  readonly #onPin: (pin: PinLine) => void;

  /** `random`: uniform in [0, 1). `onPin` hears of each pin made or moved here. */
  constructor(fleet: FleetView, random: () => number, onPin: (pin: PinLine) => void) {
    this.#fleet = fleet;
    this.#pools = new RotatingPools(fleet, random);
    this.#onPin = onPin;
  }

  /** `without`: exits that just failed. Errors: `no_capacity` when none fits, or when a session that must not move has lost its exit. */
  choose(
    account: string,
    wish: ExitWish,
    without: ReadonlySet<string>,
    nowMs: number,
  ): Result<ExitChosen, 'no_capacity'> {
    const wanted = { network: wish.network, country: wish.country, minPurity: wish.minPurity, without };
    if (wish.session !== undefined) return this.#chooseSticky(account, wish.session, wish.onExitLoss, wanted, nowMs);
    const exit = this.#pools.choose(wanted, nowMs);
    return exit === undefined ? err('no_capacity') : ok({ exit, pin: undefined });
  }

  /** Another exit for a dial that failed at some: a sticky session moves only when the exit it held is gone. */
  chooseAnother(account: string, wish: ExitWish, failed: ReadonlySet<string>, nowMs: number): ExitChosen | undefined {
    if (wish.session !== undefined) {
      for (const id of failed) {
        const exit = this.#fleet.exit(id);
        if (exit !== undefined && isLive(exit, nowMs)) return undefined;
      }
    }
    const choice = this.choose(account, wish, failed, nowMs);
    return choice.ok ? choice.value : undefined;
  }

  /** Keeps up with the feed. */
  apply(change: FleetChange): void {
    const concerned = change.kind === 'tombstone' ? change.of : change.kind;
    if (concerned === 'exit' || concerned === 'reset') this.#pools.forget();
    else if (change.kind === 'node') this.#pins.adopt(change);
    else if (change.kind === 'tombstone' && change.of === 'node') this.#pins.forget(change.id);
  }

  /** Forgets sessions that ended long ago. */
  sweep(nowMs: number): void {
    this.#pins.sweep(nowMs);
  }

  #chooseSticky(
    account: string,
    session: string,
    onExitLoss: ExitWish['onExitLoss'],
    wanted: ExitWanted,
    nowMs: number,
  ): Result<ExitChosen, 'no_capacity'> {
    const last = this.#lastPin(account, session, nowMs);
    const held = last === undefined || last.expiresAtMs <= nowMs ? undefined : this.#fleet.exit(last.exit);
    if (last !== undefined && held !== undefined && fits(held, wanted, nowMs)) {
      return ok({ exit: held, pin: last });
    }
    const exits = this.#fleet.exits(wanted.network, wanted.country);
    const exit = chooseExit(exits, wanted, { kind: 'sticky', account, session }, nowMs);
    if (exit === undefined || (onExitLoss === 'fail' && last !== undefined && last.exit !== exit.id)) {
      return err('no_capacity');
    }
    const pin = { exit: exit.id, generation: (last?.generation ?? 0) + 1, expiresAtMs: pinEndMs(exit, nowMs) };
    this.#pins.set(account, session, pin);
    const { generation, expiresAtMs } = pin;
    this.#onPin({ account, session, exit: exit.id, generation, expires_at: new Date(expiresAtMs).toISOString() });
    return ok({ exit, pin });
  }

  /** The edge's word counts unless this gateway has had to move the session since. */
  #lastPin(account: string, session: string, nowMs: number): Pin | undefined {
    const own = this.#pins.get(account, session);
    const node = this.#fleet.node(account, session, nowMs);
    if (node === undefined || (own !== undefined && own.generation > node.generation)) return own;
    return { exit: node.exit, generation: node.generation, expiresAtMs: Date.parse(node.expires_at) };
  }
}

function pinEndMs(exit: Exit, nowMs: number): number {
  return Math.min(nowMs + pinMs, Date.parse(exit.expires_at));
}
