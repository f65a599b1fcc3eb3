import { DurableObject } from 'cloudflare:workers';
import {
  type BanRule,
  countOne,
  freshRate,
  noteFailure,
  type RateAnswer,
  rateEndsAt,
  type RateRule,
  type RateState,
} from '../domain/rate-window.ts';

const stateKey = 'state';

/**
 * Counts what one caller does: a Durable Object each, so that every request of that caller, wherever it comes in, is
 * counted by the same one. What it knows outlives it, and is removed when it no longer counts.
 */
export class RateLimiter extends DurableObject {
  /** Counts one request, unless it is one too many. */
  async take(rule: RateRule): Promise<RateAnswer> {
    const before = this.#read();
    const { state, answer } = countOne(before, rule, Date.now());
    if (state !== before) await this.#write(state);
    return answer;
  }

  /** Notes that what was asked failed, as a sign-in with a wrong password does. */
  async fail(rule: BanRule): Promise<void> {
    await this.#write(noteFailure(this.#read(), rule, Date.now()));
  }

  override async alarm(): Promise<void> {
    const endsAtMs = rateEndsAt(this.#read());
    if (endsAtMs > Date.now()) await this.ctx.storage.setAlarm(endsAtMs);
    else await this.ctx.storage.deleteAll();
  }

  #read(): RateState {
    return this.ctx.storage.kv.get<RateState>(stateKey) ?? freshRate;
  }

  /** Nothing is awaited between reading and writing, so that no other request comes in between. */
  async #write(state: RateState): Promise<void> {
    this.ctx.storage.kv.put(stateKey, state);
    // One alarm, set when there is none: it looks by itself whether its time has come.
    if ((await this.ctx.storage.getAlarm()) === null) await this.ctx.storage.setAlarm(rateEndsAt(state));
  }
}
