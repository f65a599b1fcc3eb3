import { chooseExit, type ExitWanted, fits, isLive } from '@marvel/shared/choose-exit';
import type { Exit } from '@marvel/shared/exit';
import { err, ok, type Result } from '@marvel/shared/result';
import type { ExitChosen } from '../admission.ts';
import type { FleetChange, FleetView } from '../fleet-view.ts';
import type { PinLine } from '@marvel/shared/usage-batch';
import type { ExitIpWish, ExitWish } from '../offer.ts';
import { CoolingExits } from './cooling-exits.ts';
import { type Pin, Pins } from './pins.ts';
import { RotatingPools } from './rotating-pools.ts';

/** How long a pin lasts, unless its client asks otherwise or its exit ends before. Source: CONTRACT 3.6. */
const pinMinutes = 10;
const minuteMs = 60_000;
/** Exits that are passed over in one choice because they could not be reached lately. */
const maxPassedOver = 8;
const nobody: ReadonlySet<string> = new Set();

/** Chooses exits over the feed's records, and keeps the pins of sticky sessions. Source: CONTRACT 3.6. */
export class ExitChooser {
  readonly #fleet: FleetView;
  readonly #random: () => number;
  readonly #pools: RotatingPools;
  readonly #cooling = new CoolingExits();
  readonly #pins = new Pins();
  readonly #onPin: (pin: PinLine) => void;

  /** `random`: uniform in [0, 1). `onPin` hears of each pin made or moved here. */
  constructor(fleet: FleetView, random: () => number, onPin: (pin: PinLine) => void) {
    this.#fleet = fleet;
    this.#random = random;
    this.#pools = new RotatingPools(fleet, random);
    this.#onPin = onPin;
  }

  /**
   * `without`: exits that just failed. Errors: `no_capacity` when none fits, or when a session that must not move has lost
   * its exit; the same is `target_invalid_city` where a city was asked for.
   */
  choose(
    account: string,
    wish: ExitWish,
    without: ReadonlySet<string>,
    nowMs: number,
  ): Result<ExitChosen, 'no_capacity' | 'target_invalid_city'> {
    const { network, countries, state, city, minPurity, exitIps } = wish;
    const wanted = { network, countries, state, city, minPurity, without, withoutIps: exitIps?.excluded };
    const named = exitIps && this.#chooseByIp(exitIps, { ...wanted, countries: countriesOf(wish) ?? countries }, nowMs);
    if (named !== undefined) return ok({ exit: named, pin: undefined });
    if (exitIps?.only !== undefined) return err('no_capacity');
    for (const country of countriesOf(wish) ?? [undefined]) {
      const chosen = this.#chooseIn({ ...wanted, country }, account, wish, nowMs);
      if (chosen !== undefined) return ok(chosen);
    }
    return err(city === undefined ? 'no_capacity' : 'target_invalid_city');
  }

  /**
   * Another exit for a dial that failed at some: a sticky session moves only when the exit it held is gone. Errors: as of
   * `choose`, where that exit is gone; `exit_failed` where it is not, or where there was no session.
   */
  chooseAnother(
    account: string,
    wish: ExitWish,
    failed: ReadonlySet<string>,
    nowMs: number,
  ): Result<ExitChosen, 'exit_failed' | 'no_capacity' | 'target_invalid_city'> {
    const isSticky = wish.session !== undefined;
    if (isSticky) {
      for (const id of failed) {
        const exit = this.#fleet.exit(id);
        if (exit !== undefined && isLive(exit, nowMs)) return err('exit_failed');
      }
    }
    const choice = this.choose(account, wish, failed, nowMs);
    return choice.ok || isSticky ? choice : err('exit_failed');
  }

  /**
   * The choice anew for the same wish, where it may stay with the exit it fell on before: a rotating one as long as that
   * exit is what it was. `undefined` when it has to fall on another.
   */
  keep(account: string, wish: ExitWish, before: Exit, nowMs: number): ExitChosen | undefined {
    if (wish.session !== undefined) {
      const choice = this.choose(account, wish, nobody, nowMs);
      return choice.ok && choice.value.exit.id === before.id ? choice.value : undefined;
    }
    const exit = this.#fleet.exit(before.id);
    const stays =
      exit !== undefined &&
      isLive(exit, nowMs) &&
      exit.purity >= wish.minPurity &&
      exit.exit_ip === before.exit_ip &&
      exit.network === before.network &&
      exit.country === before.country &&
      exit.state === before.state &&
      exit.city === before.city;
    return stays ? { exit, pin: undefined } : undefined;
  }

  /** An exit was dialled; `wasReached`: it took the connection, whatever it said then. */
  noteDial(exit: string, wasReached: boolean, nowMs: number): void {
    if (wasReached) this.#cooling.forget(exit);
    else this.#cooling.note(exit, nowMs);
  }

  /** Keeps up with the feed. */
  apply(change: FleetChange): void {
    const concerned = change.kind === 'tombstone' ? change.of : change.kind;
    if (change.kind === 'exit') this.#cooling.forget(change.id);
    if (concerned === 'exit' || concerned === 'reset') this.#pools.forget();
    else if (change.kind === 'node') this.#pins.adopt(change);
    else if (change.kind === 'tombstone' && change.of === 'node') this.#pins.forget(change.id);
  }

  /** Forgets sessions that ended long ago. */
  sweep(nowMs: number): void {
    this.#pins.sweep(nowMs);
  }

  /** The exit with the address that a client asks for or would like. */
  #chooseByIp({ only, preferred }: ExitIpWish, wanted: ExitWanted, nowMs: number): Exit | undefined {
    const address = only ?? preferred;
    if (address === undefined) return undefined;
    return chooseExit(this.#fleet.exitsAt(address), wanted, { kind: 'rotating', random: this.#random }, nowMs);
  }

  #chooseIn(wanted: ExitWanted, account: string, wish: ExitWish, nowMs: number): ExitChosen | undefined {
    if (wish.session !== undefined) return this.#chooseSticky(account, wish.session, wish, wanted, nowMs);
    const exit = this.#chooseRotating(wanted, nowMs);
    return exit && { exit, pin: undefined };
  }

  /** By weight, and rather one that can be reached as far as this gateway knows. */
  #chooseRotating(wanted: ExitWanted, nowMs: number): Exit | undefined {
    const first = this.#pools.choose(wanted, nowMs);
    if (first === undefined || !this.#cooling.isCooling(first.id, nowMs)) return first;
    const without = new Set(wanted.without).add(first.id);
    for (let passedOver = 1; passedOver <= maxPassedOver; passedOver += 1) {
      const exit = this.#pools.choose({ ...wanted, without }, nowMs);
      if (exit === undefined) return first;
      if (!this.#cooling.isCooling(exit.id, nowMs)) return exit;
      without.add(exit.id);
    }
    return first;
  }

  #chooseSticky(
    account: string,
    session: string,
    { onExitLoss, ttlMinutes }: ExitWish,
    wanted: ExitWanted,
    nowMs: number,
  ): ExitChosen | undefined {
    const last = this.#lastPin(account, session, nowMs);
    const held = last === undefined || last.expiresAtMs <= nowMs ? undefined : this.#fleet.exit(last.exit);
    if (last !== undefined && held !== undefined && fits(held, wanted, nowMs)) {
      return { exit: held, pin: last };
    }
    const exits = this.#fleet.exits(wanted.network, wanted.country);
    const exit = chooseExit(exits, wanted, { kind: 'sticky', account, session }, nowMs);
    if (exit === undefined || (onExitLoss === 'fail' && last !== undefined && last.exit !== exit.id)) {
      return undefined;
    }
    const expiresAtMs = Math.min(nowMs + (ttlMinutes ?? pinMinutes) * minuteMs, Date.parse(exit.expires_at));
    const pin = { exit: exit.id, generation: (last?.generation ?? 0) + 1, expiresAtMs };
    this.#pins.set(account, session, pin);
    const expires_at = new Date(expiresAtMs).toISOString();
    this.#onPin({ account, session, exit: exit.id, generation: pin.generation, expires_at });
    return { exit, pin };
  }

  /** The edge's word counts unless this gateway has had to move the session since. */
  #lastPin(account: string, session: string, nowMs: number): Pin | undefined {
    const own = this.#pins.get(account, session);
    const node = this.#fleet.node(account, session, nowMs);
    if (node === undefined || (own !== undefined && own.generation > node.generation)) return own;
    return { exit: node.exit, generation: node.generation, expiresAtMs: Date.parse(node.expires_at) };
  }
}

/** The countries that a client names, the one it would rather have first; `undefined` for any. */
function countriesOf({ country, otherCountries = [] }: ExitWish): readonly string[] | undefined {
  return country === undefined ? undefined : [country, ...otherCountries];
}
