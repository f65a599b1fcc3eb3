import type { BanRule, RateAnswer, RateRule } from '../domain/rate-window.ts';

/** The objects that count, by the name of who is counted. */
export interface RateLimiters {
  getByName(name: string): {
    take(rule: RateRule): Promise<RateAnswer>;
    fail(rule: BanRule): Promise<void>;
  };
}
