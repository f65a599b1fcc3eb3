import { describe, expect, test } from 'vitest';
import { withoutSecrets } from './log.ts';

describe('withoutSecrets', () => {
  test.each([
    ['fetch failed: postgres://marvel:hunter2@db.example/marvel', 'hunter2'],
    ['at https://user:hunter2@host/x', 'hunter2'],
    ['bad token sess_0123456789abcdefghijABCDEFGHIJ0123456789abc', 'sess_0123'],
    ['gw_0123456789abcdefghijABCDEFGHIJ0123456789abc', 'gw_0123'],
    ['Invalid API Key provided: sk_test_51Habc', 'sk_test_51Habc'],
    ['whsec_51Habc', '51Habc'],
    ['mk_live_YvBli6sBF6psWM6tFCYmmWpV5XOWTVV70V0I7e', 'YvBli6'],
    ['$argon2id$v=19$m=19456,t=2,p=1$c2FsdHNhbHQ$aGFzaA', 'c2FsdHNhbHQ'],
  ])('takes the secret out of: %s', (text, secret) => {
    expect(withoutSecrets(text)).not.toContain(secret);
  });

  test('leaves other text as it is', () => {
    expect(withoutSecrets('the fleet has no row: migrations are missing')).toBe(
      'the fleet has no row: migrations are missing',
    );
  });
});
