import { defaultDestinationPolicy } from '@marvel/shared/destination';
import { describe, expect, it, test } from 'vitest';
import { readConfig } from './config.ts';
import { formatListenAddress, parseListenAddress } from './listen-address.ts';
import { tokenDigest } from './token.ts';

const token = 'a-secret-of-an-exit';
const digest = tokenDigest(token);
const plain = { MARVEL_AGENT_LISTEN: '127.0.0.1:0', MARVEL_AGENT_TOKEN: token };
const exits = (...entries: readonly object[]) => ({ MARVEL_AGENT_EXITS: JSON.stringify(entries) });

describe('the environment of an agent', () => {
  it('needs an address and a token, and has a default for the rest', () => {
    expect(readConfig({ ...plain, PATH: '/bin' })).toEqual({
      ok: true,
      value: {
        exits: [{ listen: { host: '127.0.0.1', port: 0 }, tokenDigest: digest, exitIp: undefined }],
        policy: defaultDestinationPolicy,
        tls: undefined,
        maxConnections: 10_000,
        headTimeoutMs: 10_000,
        dialTimeoutMs: 10_000,
        idleTimeoutMs: 600_000,
        drainTimeoutMs: 30_000,
        logHosts: false,
      },
    });
  });

  it('takes the SHA-256 in place of the token', () => {
    const config = readConfig({
      MARVEL_AGENT_LISTEN: '[::1]:7000',
      MARVEL_AGENT_TOKEN_SHA256: digest.toString('hex').toUpperCase(),
      MARVEL_AGENT_EXIT_IP: '203.0.113.7',
    });
    expect(config).toMatchObject({
      value: { exits: [{ listen: { host: '::1', port: 7000 }, tokenDigest: digest, exitIp: '203.0.113.7' }] },
    });
  });

  it('takes several exits', () => {
    const config = readConfig(
      exits(
        { listen: '127.0.0.1:7001', token, exit_ip: '127.0.0.2' },
        { listen: '127.0.0.1:7002', token_sha256: digest.toString('hex') },
      ),
    );
    expect(config).toMatchObject({
      value: {
        exits: [
          { listen: { port: 7001 }, tokenDigest: digest, exitIp: '127.0.0.2' },
          { listen: { port: 7002 }, tokenDigest: digest },
        ],
      },
    });
  });

  it('spells a policy as it is compared', () => {
    const policy = { ports: [443], allow: [{ host: 'LocalHost.', port: 8888 }], own_addresses: ['2001:DB8::0:5'] };
    expect(readConfig({ ...plain, MARVEL_AGENT_POLICY: JSON.stringify(policy) })).toMatchObject({
      value: { policy: { ports: [443], allow: [{ host: 'localhost', port: 8888 }], own_addresses: ['2001:db8::5'] } },
    });
  });
});

test.each<[string, Record<string, string>, readonly string[]]>([
  ['nothing', {}, ['MARVEL_AGENT_LISTEN', 'MARVEL_AGENT_TOKEN']],
  ['a name to listen on', { ...plain, MARVEL_AGENT_LISTEN: 'localhost:1' }, ['MARVEL_AGENT_LISTEN']],
  ['a short token', { ...plain, MARVEL_AGENT_TOKEN: 'secret' }, ['MARVEL_AGENT_TOKEN']],
  ['two tokens', { ...plain, MARVEL_AGENT_TOKEN_SHA256: digest.toString('hex') }, ['MARVEL_AGENT_TOKEN']],
  ['a digest that is none', { ...plain, MARVEL_AGENT_TOKEN_SHA256: 'secret' }, ['MARVEL_AGENT_TOKEN_SHA256']],
  ['an exit IP that is none', { ...plain, MARVEL_AGENT_EXIT_IP: 'secret' }, ['MARVEL_AGENT_EXIT_IP']],
  ['a policy that is no JSON', { ...plain, MARVEL_AGENT_POLICY: '{secret' }, ['MARVEL_AGENT_POLICY']],
  [
    'a wrong policy',
    { ...plain, MARVEL_AGENT_POLICY: '{"ports":["secret"],"allow":[],"own_addresses":[]}' },
    ['MARVEL_AGENT_POLICY.ports.0'],
  ],
  ['a certificate without a key', { ...plain, MARVEL_AGENT_TLS_CERT: '/secret' }, ['MARVEL_AGENT_TLS_CERT']],
  ['a bound of zero', { ...plain, MARVEL_AGENT_MAX_CONNECTIONS: '0' }, ['MARVEL_AGENT_MAX_CONNECTIONS']],
  ['a time that is no number', { ...plain, MARVEL_AGENT_IDLE_TIMEOUT_MS: '1e3' }, ['MARVEL_AGENT_IDLE_TIMEOUT_MS']],
  ['a flag that is none', { ...plain, MARVEL_AGENT_LOG_HOSTS: 'secret' }, ['MARVEL_AGENT_LOG_HOSTS']],
  ['a variable that nobody reads', { ...plain, MARVEL_AGENT_POLICE: 'secret' }, ['MARVEL_AGENT_POLICE']],
  ['no exits', exits(), ['MARVEL_AGENT_EXITS']],
  ['an exit without a token', exits({ listen: '127.0.0.1:1' }), ['MARVEL_AGENT_EXITS.0']],
  [
    'an exit with an unknown member',
    exits({ listen: '127.0.0.1:1', token, secret: 1 }),
    ['MARVEL_AGENT_EXITS.0.secret'],
  ],
  ['exits and one exit', { ...plain, ...exits({ listen: '127.0.0.1:1', token }) }, ['MARVEL_AGENT_EXITS']],
  [
    'several mistakes',
    { ...plain, MARVEL_AGENT_LISTEN: 'x', MARVEL_AGENT_LOG_HOSTS: 'yes' },
    ['MARVEL_AGENT_LISTEN', 'MARVEL_AGENT_LOG_HOSTS'],
  ],
])('%s is refused by name, without its value', (_name, env, names) => {
  const config = readConfig(env);
  const problems = config.ok ? [] : config.error;
  expect(problems.map(({ name }) => name)).toEqual(names);
  for (const { message } of problems) {
    expect(message).not.toBe('');
    expect(message).not.toMatch(/secret|undefined|received/);
  }
});

test.each(['127.0.0.1:0', '0.0.0.0:65535', '[::]:80', '[::1]:1'])('%s can be listened on', (text) => {
  const address = parseListenAddress(text);
  expect(address && formatListenAddress(address)).toBe(text);
});

test.each([
  '127.0.0.1',
  '127.0.0.1:65536',
  '127.0.0.1:01',
  '127.1:1',
  '::1:80',
  '[127.0.0.1]:80',
  'localhost:80',
  ':80',
  '',
])('%s cannot be listened on', (text) => {
  expect(parseListenAddress(text)).toBeUndefined();
});
