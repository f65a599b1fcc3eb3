import { failureCodes, failures } from '@marvel/shared/failures';
import { describe, expect, test } from 'vitest';
import { exitRecord } from '../../test-support/test-gateway.ts';
import { marvelHttpAnswers, readMarvelRequest } from './marvel.ts';

function request(authorization: string | undefined, fields: Record<string, string> = {}) {
  const all = authorization === undefined ? fields : { 'proxy-authorization': authorization, ...fields };
  return readMarvelRequest({ fields: new Map(Object.entries(all)) });
}

function basic(text: string): string {
  return `Basic ${Buffer.from(text).toString('base64')}`;
}

const docs = 'https://api.example.com/docs/errors';
const answers = marvelHttpAnswers(docs);

describe('a request', () => {
  test('gives the key from the user name and the target from the password', () => {
    expect(request(basic('key:country-us-session-a_1-min_purity-80'))).toEqual({
      credential: { kind: 'key', key: 'key' },
      wish: {
        ok: true,
        value: { country: 'US', session: 'a_1', minPurity: 80, network: 'residential', onExitLoss: 'repin' },
      },
    });
  });

  test('may ask that a lost exit fails', () => {
    const { wish } = request(basic('key:country-us'), { 'x-marvel-on-exit-loss': 'Fail' });
    expect(wish).toMatchObject({ ok: true, value: { onExitLoss: 'fail' } });
  });

  test('keeps what is wrong with its target for later', () => {
    expect(request(basic('key:')).wish).toEqual({ ok: false, error: 'target_missing_country' });
    expect(request(basic('key:asn-1')).wish).toEqual({ ok: false, error: 'target_asn_unsupported' });
  });

  test.each([
    undefined,
    '',
    'Basic',
    'Basic ',
    'Basic !!!',
    'Basic a b',
    `Bearer ${Buffer.from('key:country-us').toString('base64')}`,
    `Basic ${Buffer.from('no colon').toString('base64')}`,
  ])('with %s for credentials has none', (authorization) => {
    expect(request(authorization).credential).toEqual({ kind: 'none' });
  });
});

describe('a refusal', () => {
  const codes = failureCodes.filter((code) => failures[code].marvel !== null);

  test.each(codes)('%s says its reason in the status, the phrase, the fields and the body', (code) => {
    const { bytes: text, keepOpen } = answers.refused({ code }, 'id-1', false);
    const { marvel, reason, fix } = failures[code];
    const [head = '', body = ''] = text.split('\r\n\r\n');
    const lines = head.split('\r\n');
    expect(lines[0]).toBe(`HTTP/1.1 ${marvel} ${reason}`);
    expect(lines).toContain(`X-Marvel-Error: ${code}`);
    expect(lines).toContain('X-Marvel-Request-Id: id-1');
    expect(lines.find((line) => line.startsWith('Proxy-Status:'))).toContain(`details="${code}"`);
    expect(lines).toContain(`Content-Length: ${Buffer.byteLength(body)}`);
    expect(lines).toContain('Connection: close');
    expect(lines).toContain(`Link: <${docs}#${code}>; rel="help"`);
    expect(body).toBe(`${reason}\n${fix}\n${docs}#${code}\n`);
    expect(keepOpen).toBe(false);
    // Nothing but ASCII may go on the wire as it is written.
    expect(text).toMatch(/^[\x20-\x7e\r\n]*$/);
  });

  test.each(codes)('%s challenges only when it is 407', (code) => {
    const { bytes: text } = answers.refused({ code }, 'id-1', false);
    expect(text.includes('Proxy-Authenticate: Basic realm="marvel"\r\n')).toBe(failures[code].marvel === 407);
  });

  test.each(codes.filter((code) => failures[code].marvel === 503))('%s says when to come back', (code) => {
    expect(answers.refused({ code }, 'id-1', false).bytes).toMatch(/\r\nRetry-After: [0-9]+\r\n/);
  });

  test('of bad credentials leaves the connection open where another try can follow', () => {
    const open = answers.refused({ code: 'unauthenticated' }, 'id-1', true);
    expect(open.keepOpen).toBe(true);
    expect(open.bytes).not.toContain('Connection:');
    expect(answers.refused({ code: 'no_capacity' }, 'id-1', true).keepOpen).toBe(false);
  });

  test('carries the time that the failure knows of', () => {
    expect(answers.refused({ code: 'no_capacity', retryAfterS: 77 }, 'id-1', false).bytes).toContain(
      '\r\nRetry-After: 77\r\n',
    );
  });
});

describe('an opened tunnel', () => {
  test('is told of its exit', () => {
    expect(answers.established('id-1', exitRecord('ext_0001', 1), undefined)).toBe(
      'HTTP/1.1 200 Connection established\r\nX-Marvel-Request-Id: id-1\r\nX-Marvel-Exit-Id: ext_0001\r\n' +
        'X-Marvel-Exit-IP: 198.51.100.7\r\nX-Marvel-Exit-Country: US\r\nX-Marvel-Exit-ASN: 64500\r\n' +
        'X-Marvel-Exit-Purity: 95\r\nX-Marvel-Exit-Grade: S\r\n\r\n',
    );
  });

  test('is told of its pin when it is sticky', () => {
    const text = answers.established('id-1', exitRecord('ext_0001', 1), { generation: 2, expiresAtMs: 0 });
    expect(text).toContain(
      '\r\nX-Marvel-Session-Generation: 2\r\nX-Marvel-Session-Expires: 1970-01-01T00:00:00.000Z\r\n\r\n',
    );
  });
});
