import { generateKeyPairSync } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { planProcesses, type ProcessesPlan } from './plan-processes.ts';

const jwk = generateKeyPairSync('ed25519').privateKey.export({ format: 'jwk' });
const common = {
  MARVEL_EDGE_URL: 'http://127.0.0.1:9',
  MARVEL_FLEET: 'test',
  MARVEL_CREDENTIAL_PEPPER: 'pepper',
  MARVEL_EDGE_KEYS: JSON.stringify([{ ...jwk, kid: 'feed' }]),
  MARVEL_LISTEN: '0.0.0.0:9000',
  MARVEL_STATE_DIR: '/state',
};

function identity(id: string): object {
  return { id, token: `gw_secret_of_${id}`, signing_key: jwk };
}

async function planned(
  args: readonly string[],
  file: unknown,
  settings: Readonly<Record<string, string | undefined>> = {},
): Promise<ProcessesPlan | undefined | readonly string[]> {
  const environment = { ...common, ...(file !== undefined && { MARVEL_GATEWAYS: '/file' }), ...settings };
  const plan = await planProcesses(args, environment, async (path) => {
    if (path !== '/file') throw new Error('no such file');
    return typeof file === 'string' ? file : JSON.stringify(file);
  });
  return plan.ok ? plan.value : plan.error;
}

const two = [identity('gtw_0001'), identity('gtw_0002')];

describe('processes', () => {
  test('are none of their own where nothing is said of them', async () => {
    expect(await planned([], undefined)).toBeUndefined();
    expect(await planned(['--processes', '1'], undefined)).toBeUndefined();
  });

  test('each have an identity, a state directory and an admin port of their own, and share the rest', async () => {
    const plan = await planned(['--processes', '2'], two, { MARVEL_PROCESSES: '7', MARVEL_GATEWAY_ID: 'gtw_other' });
    expect(plan).toMatchObject({
      processes: ['gtw_0001', 'gtw_0002'].map((id, index) => ({
        number: index + 1,
        gateway: id,
        stateDirectory: `/state/${id}`,
        environment: {
          MARVEL_GATEWAY_ID: id,
          MARVEL_GATEWAY_TOKEN: `gw_secret_of_${id}`,
          MARVEL_STATE_DIR: `/state/${id}`,
          MARVEL_LISTEN: '0.0.0.0:9000',
          MARVEL_LISTEN_ADMIN: '127.0.0.1:0',
          MARVEL_REUSE_PORT: 'on',
          MARVEL_PROCESSES: undefined,
          MARVEL_GATEWAYS: undefined,
        },
      })),
    });
  });

  test.each([
    ['no identities', ['--processes', '2'], undefined, {}, 'MARVEL_GATEWAYS is not set: expected a file'],
    ['too few of them', ['--processes', '3'], two, {}, 'MARVEL_GATEWAYS holds 2 identities for 3 processes'],
    ['one twice', ['--processes', '2'], [two[0], two[0]], {}, 'each id once'],
    ['a file that cannot be read', [], undefined, { MARVEL_GATEWAYS: '/no' }, 'expected a file that can be read'],
    ['a file that is no JSON', [], 'gw_secret_', {}, 'MARVEL_GATEWAYS is not valid: expected a JSON array'],
    ['an identity without a token', [], [{ ...identity('gtw_0001'), token: '' }], {}, '0.token'],
    [
      'a number that is none',
      ['--processes', 'many'],
      two,
      {},
      'MARVEL_PROCESSES is not valid: expected a whole number',
    ],
    ['another option', ['--threads', '2'], two, {}, '--threads'],
    ['a port left to chance', ['--processes', '2'], two, { MARVEL_LISTEN_SOCKS5: '[::]:0' }, 'MARVEL_LISTEN_SOCKS5'],
    ['a setting that is wrong', ['--processes', '2'], two, { MARVEL_FLEET: '' }, 'MARVEL_FLEET is not set'],
  ])('are refused, without a secret, for %s', async (_, args, file, settings, expected) => {
    const lines = await planned(args, file, settings);
    const said = JSON.stringify(lines);
    expect(said).toContain(expected);
    expect(said).not.toContain('gw_secret_');
  });
});
