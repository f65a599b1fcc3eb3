import { describe, expect, test } from 'vitest';
import { proxyUrl } from './proxy-url.ts';
import { MarvelTargetError, readTarget, writeTarget } from './target.ts';

const key = 'mk_live_0123456789abcdefghijklmnopqrstuvABCDEF';
const gateway = 'gw.example.com:9000';

/** What a call throws. */
function thrownBy(call: () => unknown): unknown {
  try {
    call();
  } catch (error) {
    return error;
  }
  throw new Error('it throws nothing');
}

describe('proxyUrl', () => {
  test.each([
    [{ country: 'us' }, 'country-US'],
    [{ country: 'DE', session: 'cart_1', minPurity: 90 }, 'country-DE-session-cart_1-min_purity-90'],
    ['country-us-session-a', 'country-us-session-a'],
  ])('of %o has the password %s', (target, password) => {
    const url = proxyUrl({ gateway, key, target });
    expect(url).toBe(`http://${key}:${password}@${gateway}`);
    expect(new URL(url)).toMatchObject({ username: key, password, host: gateway });
  });

  test('speaks the protocol that is asked for', () => {
    const target = 'country-US';
    expect(proxyUrl({ gateway: '[::1]:9443', key, target, protocol: 'https' })).toBe(
      `https://${key}:country-US@[::1]:9443`,
    );
    expect(proxyUrl({ gateway, key, target, protocol: 'socks5h' })).toMatch(/^socks5h:/);
  });

  test.each([
    ['', 'target_missing_country'],
    ['country', 'target_malformed'],
    ['country-USA', 'target_invalid_country'],
    ['country-US-asn-1', 'target_asn_unsupported'],
    ['country-US-city-x', 'target_unknown_field'],
    ['country-US-country-DE', 'target_duplicate_field'],
    ['country-US-session-a.b', 'target_invalid_session'],
    ['country-US-min_purity-101', 'target_invalid_min_purity'],
  ] as const)('refuses the target %j as a gateway would: %s', (target, code) => {
    expect(thrownBy(() => proxyUrl({ gateway, key, target }))).toBeInstanceOf(MarvelTargetError);
    expect(thrownBy(() => readTarget(target))).toMatchObject({ code });
  });

  test.each([
    [{ country: 'US', session: 'a-min_purity-5' }, 'target_malformed'],
    [{ country: 'US-session-x' }, 'target_malformed'],
    [{ country: '' }, 'target_malformed'],
    [{ country: 'US', session: '' }, 'target_malformed'],
    [{ country: 'US', minPurity: 1.5 }, 'target_invalid_min_purity'],
    [{ country: 'US', minPurity: -1 }, 'target_malformed'],
  ] as const)('lets no part %o say more than it is', (parts, code) => {
    expect(thrownBy(() => writeTarget(parts))).toMatchObject({ name: 'MarvelTargetError', code });
  });

  test.each(['gw.example.com', 'gw.example.com:0', 'gw.example.com:65536', 'user@gw:9000', 'gw:9000/', ''])(
    'refuses the gateway %j',
    (wrong) => {
      expect(thrownBy(() => proxyUrl({ gateway: wrong, key, target: 'country-US' }))).toMatchObject({
        message: 'gateway: must be host:port',
      });
    },
  );

  test('refuses a key that is none, and does not repeat it', () => {
    expect(thrownBy(() => proxyUrl({ gateway, key: 'sess_secret', target: 'country-US' }))).toMatchObject({
      message: 'key: must begin with mk_live_ or mk_test_',
    });
  });
});
