import { describe, expect, it } from 'vitest';
import { readFoUsername } from './proxies-fo-username.ts';

const read = (text: string) => readFoUsername(text, true).modifiers;
const failure = (text: string) => {
  const result = read(text);
  return result.ok ? 'ok' : result.error;
};

describe('a proxies.fo user name', () => {
  it('is the user alone', () => {
    expect(readFoUsername('alice_1', true)).toEqual({ user: 'alice_1', modifiers: { ok: true, value: {} } });
  });

  it('carries every modifier, in any order', () => {
    const value = { country: 'US', state: 'ca', city: 'losangeles', session: 'Cart_1', ttlMinutes: 30 };
    expect(read('alice-country-us-state-ca-city-losangeles-session-Cart_1-ttl-30')).toEqual({ ok: true, value });
    expect(read('alice-ttl-30-session-Cart_1-city-losangeles-state-ca-country-us')).toEqual({ ok: true, value });
  });

  it('leaves the city to the network with city-ran', () => {
    expect(read('alice-country-us-city-ran')).toEqual({ ok: true, value: { country: 'US' } });
  });

  it.each([
    ['alice-country-zz', 'target_invalid_country'],
    ['alice-country-US', 'target_invalid_country'],
    ['alice-country-usa', 'target_invalid_country'],
    ['alice-country-us-state-zz', 'target_invalid_state'],
    ['alice-state-ca', 'target_invalid_state'],
    ['alice-country-us-state-CA', 'target_invalid_state'],
    ['alice-city-berlin', 'target_invalid_city'],
    ['alice-country-de-city-Berlin', 'target_invalid_city'],
    ['alice-ttl-0', 'target_invalid_ttl'],
    ['alice-ttl-1441', 'target_invalid_ttl'],
    ['alice-ttl-1.5', 'target_invalid_ttl'],
    ['alice-ttl-007', 'target_invalid_ttl'],
    ['alice-session-a.b', 'target_invalid_session'],
    ['alice-asn-7922', 'unauthenticated'],
    ['alice-country', 'unauthenticated'],
    ['alice-', 'unauthenticated'],
    ['alice-country-us-country-de', 'unauthenticated'],
  ])('%s is %s', (text, code) => {
    expect(failure(text)).toBe(code);
    expect(readFoUsername(text, true).user).toBe('alice');
  });

  it('accepts the longest and shortest ttl', () => {
    expect(read('alice-ttl-1')).toEqual({ ok: true, value: { ttlMinutes: 1 } });
    expect(read('alice-ttl-1440')).toEqual({ ok: true, value: { ttlMinutes: 1440 } });
  });

  it('takes no modifier where the network has no targeting', () => {
    expect(readFoUsername('alice-country-us', false).modifiers).toEqual({ ok: false, error: 'unauthenticated' });
    expect(readFoUsername('alice', false).modifiers).toEqual({ ok: true, value: {} });
  });
});
