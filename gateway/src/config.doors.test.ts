import { describe, expect, it } from 'vitest';
import { readConfig } from './config.ts';

/** What is said of the doors; the settings that every gateway needs are left out. */
function linesOf(environment: Readonly<Record<string, string>>): readonly string[] {
  const read = readConfig({
    MARVEL_EDGE_URL: 'http://127.0.0.1:9',
    MARVEL_GATEWAY_ID: 'gtw_0001',
    MARVEL_GATEWAY_TOKEN: 'gw_test',
    MARVEL_GATEWAY_SIGNING_KEY: '{"kty":"OKP","crv":"Ed25519","x":"a","d":"b"}',
    MARVEL_FLEET: 'test',
    MARVEL_CREDENTIAL_PEPPER: 'pepper',
    MARVEL_EDGE_KEYS: '[{"kty":"OKP","crv":"Ed25519","x":"a","kid":"feed"}]',
    ...environment,
  });
  return read.ok ? [] : read.error;
}

describe('the settings of the doors', () => {
  it('take a certificate only with its key', () => {
    expect(linesOf({ MARVEL_TLS_CERT: 'c.pem', MARVEL_TLS_KEY: 'k.pem' })).toEqual([]);
    expect(linesOf({ MARVEL_TLS_CERT: 'c.pem' })).toEqual([
      'MARVEL_TLS_KEY is not set: expected the key of MARVEL_TLS_CERT',
    ]);
    expect(linesOf({ MARVEL_TLS_KEY: 'k.pem', MARVEL_TLS_CERT: '' })).toEqual([
      'MARVEL_TLS_CERT is not set: expected the certificate that MARVEL_TLS_KEY belongs to',
    ]);
  });

  it.each(['MARVEL_LISTEN_TLS', 'MARVEL_LISTEN_SOCKS5'])('let %s be an address or off', (name) => {
    expect(linesOf({ [name]: 'off' })).toEqual([]);
    expect(linesOf({ [name]: '[::1]:0' })).toEqual([]);
    expect(linesOf({ [name]: '1080' })).toEqual([expect.stringContaining(`${name} is not valid: expected host:port`)]);
  });
});
