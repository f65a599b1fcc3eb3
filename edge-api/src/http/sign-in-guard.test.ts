import { expect, test } from 'vitest';
import { readEnv } from '../env.ts';
import { countRequest, type Counting } from './rate-limit.ts';
import type { RateLimiters } from './rate-limiters.ts';
import { guardSignIn } from './sign-in-guard.ts';

const variables = {
  DATABASE_URL: 'postgres://db.example/marvel',
  FLEET: 'test',
  CREDENTIAL_PEPPER: 'pepper-of-this-test',
  FEED_SIGNING_KEY: '{}',
  OPERATOR_TOKEN: 'operator-of-this-test',
  STRIPE_SECRET_KEY: 'sk_test_1',
  STRIPE_WEBHOOK_SECRET: 'whsec_1',
  PUBLIC_API_URL: 'http://api.example',
  GATEWAY_ADDRESS: 'gateway.example:9000',
};
const away: RateLimiters = {
  getByName: () => ({
    take: async () => Promise.reject(new Error('overloaded')),
    fail: async () => Promise.reject(new Error('overloaded')),
  }),
};

test.each([
  ['was not deployed', undefined],
  ['fails', away],
])('while what counts %s nobody may sign in, and everything else goes on', async (_, limiter) => {
  const env = readEnv({ ...variables, ...(limiter === undefined ? {} : { RATE_LIMITER: limiter }) });
  const services: Counting = { env, log: { info: () => undefined, error: () => undefined }, nowMs: 0 };
  expect(await guardSignIn('a@example.com', new Headers(), services)).toEqual({
    ok: false,
    error: { code: 'unavailable' },
  });
  expect(await countRequest('account/acc_1', services)).toEqual({ headers: {}, refusal: undefined });
});
