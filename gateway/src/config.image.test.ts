import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { beforeAll, describe, expect, it } from 'vitest';
import { GatewayConfig, readConfig } from './config.ts';
import { ProcessesConfig } from './processes/plan-processes.ts';

const root = new URL('../../', import.meta.url);

interface Instruction {
  readonly word: string;
  readonly rest: string;
}

/** The instructions of a Dockerfile, a stage each list, with lines that go on joined. */
function stagesOf(text: string): Instruction[][] {
  const lines = text
    .replaceAll(/^[ \t]*#.*\n/gm, '')
    .replaceAll(/\\\n/g, ' ')
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '');
  const stages: Instruction[][] = [];
  for (const line of lines) {
    const [, word = '', rest = ''] = /^([A-Z]+)\s+(.*)$/.exec(line) ?? [];
    if (word === 'FROM') stages.push([]);
    stages.at(-1)?.push({ word, rest });
  }
  return stages;
}

const restOf = (stage: readonly Instruction[], word: string): string[] =>
  stage.filter((instruction) => instruction.word === word).map(({ rest }) => rest);

/** `NAME=value` pairs, as in ENV and Environment=. */
const pairsOf = (texts: readonly string[]): Record<string, string> =>
  Object.fromEntries(
    texts.flatMap((text) => text.split(/\s+/)).map((pair) => [pair.replace(/=.*$/, ''), pair.replace(/^[^=]*=/, '')]),
  );

/** What a gateway has to be given beside what the image says. */
const given = {
  MARVEL_EDGE_URL: 'http://127.0.0.1:9',
  MARVEL_GATEWAY_ID: 'gtw_0001',
  MARVEL_GATEWAY_TOKEN: 'gw_test',
  MARVEL_GATEWAY_SIGNING_KEY: '{"kty":"OKP","crv":"Ed25519","x":"a","d":"b"}',
  MARVEL_FLEET: 'test',
  MARVEL_CREDENTIAL_PEPPER: 'pepper',
  MARVEL_EDGE_KEYS: '[{"kty":"OKP","crv":"Ed25519","x":"a","kid":"feed"}]',
};

let stages: Instruction[][] = [];
let image: Instruction[] = [];
let environment: Record<string, string> = {};
let unit = '';

beforeAll(async () => {
  stages = stagesOf(await readFile(new URL('deploy/gateway/Dockerfile', root), 'utf8'));
  image = stages.at(-1) ?? [];
  environment = pairsOf(restOf(image, 'ENV'));
  unit = await readFile(new URL('deploy/gateway/marvel-gateway.service', root), 'utf8');
});

function configOfImage(): GatewayConfig {
  // What the build is given for a version is checked when it is read; here it stands as a name of its own.
  const read = readConfig({ ...environment, MARVEL_VERSION: '', ...given });
  if (!read.ok) throw new Error(read.error.join('\n'));
  return read.value;
}

const listeners = Object.keys(GatewayConfig.entries).filter((name) => name.startsWith('MARVEL_LISTEN'));

describe('the image', () => {
  it('sets nothing but settings of a gateway, with values that it takes, and the memory of the unit', () => {
    const known = Object.keys({ ...GatewayConfig.entries, ...ProcessesConfig.entries });
    const names = Object.keys(environment);
    expect(known).toEqual(expect.arrayContaining(names.filter((name) => name.startsWith('MARVEL_'))));
    configOfImage();

    const inUnit = pairsOf([...unit.matchAll(/^Environment=(.*)$/gm)].map(([, pairs = '']) => pairs));
    expect(Object.keys(inUnit)).toContain('MALLOC_ARENA_MAX');
    expect(environment).toMatchObject(inUnit);
    expect(names.filter((name) => !name.startsWith('MARVEL_') && !(name in inUnit))).toEqual(['NODE_ENV']);
  });

  it('is reached at every port that it exposes, and exposes every door', () => {
    const config: Record<string, unknown> = configOfImage();
    const doors = listeners.filter((name) => name !== 'MARVEL_LISTEN_ADMIN').map((name) => config[name]);
    const exposed = restOf(image, 'EXPOSE').flatMap((ports) => ports.split(/\s+/).map(Number));
    expect(exposed.length).toBeGreaterThan(0);
    expect(doors).toHaveLength(exposed.length);
    expect(doors).toEqual(expect.arrayContaining(exposed.map((port) => ({ host: '0.0.0.0', port }))));
  });

  it('shows its admin listener to itself only, and asks it for its health', () => {
    const { host, port } = configOfImage().MARVEL_LISTEN_ADMIN;
    expect(host).toBe('127.0.0.1');
    expect(restOf(image, 'HEALTHCHECK').join()).toContain(`fetch('http://${host}:${port}/healthz')`);
  });

  it('copies what there is, and every package that the gateway stands on', async () => {
    const sources = stages
      .flatMap((stage) => restOf(stage, 'COPY'))
      .filter((copy) => !copy.startsWith('--from='))
      .flatMap((copy) => copy.split(/\s+/).slice(0, -1));
    expect(sources.filter((source) => !existsSync(new URL(source, root)))).toEqual([]);

    const manifest: unknown = JSON.parse(await readFile(new URL('gateway/package.json', root), 'utf8'));
    expect(manifest).toHaveProperty('dependencies');
    const rooms = [...JSON.stringify(manifest).matchAll(/"@marvel\/([a-z-]+)":"workspace:/g)].map(([, room]) => room);
    expect(rooms).toContain('shared');
    expect(sources).toEqual(
      expect.arrayContaining(['gateway', ...rooms].flatMap((room) => [`${room}/package.json`, `${room}/src`])),
    );
  });

  it('starts the gateway as the unit does, where its state is kept', () => {
    const command: unknown = JSON.parse(restOf(image, 'CMD').join());
    const [, flags = ''] = /^ExecStart=\S*\/node (.*)$/m.exec(unit) ?? [];
    expect(command).toEqual(['node', ...flags.split(' ')]);
    expect(existsSync(fileURLToPath(new URL(flags.split(' ').at(-1) ?? '', root)))).toBe(true);
    expect(restOf(image, 'VOLUME')).toEqual([configOfImage().MARVEL_STATE_DIR]);
  });

  it('is run by the operators’ page with its state in a volume and time to drain', async () => {
    const page = await readFile(new URL('docs/operate/gateway.md', root), 'utf8');
    const [line = ''] = /^docker run (?:.*\\\n)*.*$/m.exec(page) ?? [];
    expect(line).toContain(`--volume marvel-gateway:${configOfImage().MARVEL_STATE_DIR} `);
    const [, stopS] = /--stop-timeout ([0-9]+) /.exec(line) ?? [];
    expect(Number(stopS) * 1000).toBeGreaterThan(configOfImage().MARVEL_DRAIN_TIMEOUT_MS);
    expect(unit).toContain(`TimeoutStopSec=${stopS}\n`);
    expect(unit).toContain(`LimitNOFILE=${/--ulimit nofile=([0-9]+):/.exec(line)?.[1]}\n`);
  });
});
