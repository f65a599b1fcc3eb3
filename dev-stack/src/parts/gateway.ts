import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ok, type Result } from '@marvel/shared/result';
import type { Enrolment } from '../provision/fleet.ts';
import type { GatewayInfo } from '../stack-info.ts';
import { answersOk } from './answers.ts';
import type { Certificate } from './certificate.ts';
import { openLink, type Link } from './link.ts';
import type { Part } from './part.ts';
import { startProgram, type ProgramFailure, type ProgramOptions } from './program.ts';
import { writeFileAtomically } from '../state/write-file-atomically.ts';

/** A gateway of the stack, on the same addresses for as long as the stack lives. */
export interface GatewayPart extends Part {
  readonly name: string;
  /** `host:port` */
  readonly marvel: string;
  /** `host:port` */
  readonly admin: string;
  readonly info: GatewayInfo;
  readonly pid: number;
  readonly stateDir: string;
  /** The TCP path between this gateway and the edge. */
  readonly link: Pick<Link, 'cut' | 'heal' | 'delay'>;
  /** Settles with the exit code when the present run ends; null after a signal. */
  readonly exited: Promise<number | null>;
  log(): string;
}

/** The ports that each gateway listens on. */
export const gatewayPortNames = [
  'marvel',
  'marvel_tls',
  'socks5',
  'proxies_fo_residential',
  'proxies_fo_isp',
  'proxies_fo_datacenter',
  'proxymesh',
  'admin',
] as const;

export interface GatewayOptions extends Pick<ProgramOptions, 'logFile' | 'onUnexpectedEnd' | 'signal'> {
  readonly name: string;
  readonly ports: Readonly<Record<(typeof gatewayPortNames)[number], number>>;
  /** For TLS to the proxy. */
  readonly certificate: Certificate;
  readonly stateDir: string;
  /** Whether it is told of its state directory. */
  readonly keepsState: boolean;
  readonly edgePort: number;
  readonly fleet: string;
  /** What it is known by; several: a process for each, on the same addresses. */
  readonly enrolments: readonly [Enrolment, ...Enrolment[]];
  readonly credentialPepper: string;
  /** Public keys that the edge signs with. */
  readonly edgeKeys: readonly object[];
  /** Further variables, over those that the stack sets. */
  readonly settings: Readonly<Record<string, string>>;
}

const mainFile = fileURLToPath(import.meta.resolve('../../../gateway/src/main.ts'));
/** As the image and the unit start it: docs/operate/gateway.md, Memory. */
const nodeOptions = ['--max-semi-space-size=8'];
const allocator = { MALLOC_ARENA_MAX: '2', MALLOC_MMAP_THRESHOLD_: '131072' };
const loopback = '127.0.0.1';
/** Enough for what is under way to end, and not so long that Ctrl-C seems to do nothing. */
const defaultDrainTimeoutMs = 3_000;
/** What a gateway takes at most after the drain to post its batches, and then some. */
const afterDrainMs = 15_000;

/**
 * When the stack is killed, the edge goes down too and nothing can be posted any more: this only has to do for the last
 * batch to reach the disk.
 */
const lastPatienceMs = 1_500;

function drainTimeoutMs(settings: Readonly<Record<string, string>>): number {
  return Number(settings['MARVEL_DRAIN_TIMEOUT_MS'] ?? defaultDrainTimeoutMs);
}

function keyOf({ id, signingKey }: Enrolment): object {
  return { ...signingKey, kid: id };
}

/** How a gateway is told what it is known by. */
async function identify(
  enrolments: GatewayOptions['enrolments'],
  stateDir: string,
): Promise<Readonly<Record<string, string>>> {
  const [first, ...others] = enrolments;
  if (others.length === 0) {
    return {
      MARVEL_GATEWAY_ID: first.id,
      MARVEL_GATEWAY_TOKEN: first.token,
      MARVEL_GATEWAY_SIGNING_KEY: JSON.stringify(keyOf(first)),
    };
  }
  const file = join(stateDir, 'gateways.json');
  const identities = enrolments.map((enrolment) => ({
    id: enrolment.id,
    token: enrolment.token,
    signing_key: keyOf(enrolment),
  }));
  await writeFileAtomically(file, `${JSON.stringify(identities)}\n`);
  return { MARVEL_PROCESSES: String(enrolments.length), MARVEL_GATEWAYS: file };
}

/** Starts a gateway behind a link of its own, and waits until it is ready to serve. */
export async function startGateway(
  options: GatewayOptions,
): Promise<Result<GatewayPart & AsyncDisposable, ProgramFailure>> {
  const { name, ports, stateDir, settings, enrolments, logFile, onUnexpectedEnd, signal } = options;
  await using undo = new AsyncDisposableStack();
  await mkdir(stateDir, { recursive: true });
  const link = undo.use(await openLink(options.edgePort));
  const marvel = `${loopback}:${ports.marvel}`;
  const marvel_tls = `${loopback}:${ports.marvel_tls}`;
  const socks5 = `${loopback}:${ports.socks5}`;
  const proxies_fo = {
    residential: `${loopback}:${ports.proxies_fo_residential}`,
    isp: `${loopback}:${ports.proxies_fo_isp}`,
    datacenter: `${loopback}:${ports.proxies_fo_datacenter}`,
  };
  const proxymesh = `${loopback}:${ports.proxymesh}`;
  const admin = `${loopback}:${ports.admin}`;
  const started = await startProgram({
    part: name,
    command: process.execPath,
    args: [...nodeOptions, mainFile],
    cwd: stateDir,
    env: {
      PATH: process.env['PATH'],
      ...allocator,
      MARVEL_EDGE_URL: `http://${loopback}:${link.port}`,
      // The link is for the gateway alone: people go to the edge itself.
      MARVEL_DOCS_URL: `http://${loopback}:${options.edgePort}/docs`,
      ...(await identify(enrolments, stateDir)),
      MARVEL_FLEET: options.fleet,
      MARVEL_CREDENTIAL_PEPPER: options.credentialPepper,
      MARVEL_EDGE_KEYS: JSON.stringify(options.edgeKeys),
      MARVEL_LISTEN: marvel,
      MARVEL_LISTEN_TLS: marvel_tls,
      MARVEL_TLS_CERT: options.certificate.certificateFile,
      MARVEL_TLS_KEY: options.certificate.keyFile,
      MARVEL_LISTEN_SOCKS5: socks5,
      MARVEL_LISTEN_PROXIES_FO_RESIDENTIAL: proxies_fo.residential,
      MARVEL_LISTEN_PROXIES_FO_ISP: proxies_fo.isp,
      MARVEL_LISTEN_PROXIES_FO_DATACENTER: proxies_fo.datacenter,
      MARVEL_LISTEN_PROXYMESH: proxymesh,
      MARVEL_LISTEN_ADMIN: admin,
      MARVEL_DRAIN_TIMEOUT_MS: `${defaultDrainTimeoutMs}`,
      ...(options.keepsState ? { MARVEL_STATE_DIR: stateDir } : {}),
      ...settings,
    },
    logFile,
    isReady: async () => answersOk(`http://${admin}/readyz`),
    lastPatienceMs,
    stopTimeoutMs: drainTimeoutMs(settings) + afterDrainMs,
    onUnexpectedEnd,
    signal,
  });
  if (!started.ok) return started;
  const program = started.value;
  undo.defer(async () => program.stop());
  const owned = undo.move();
  return ok({
    name,
    marvel,
    admin,
    info: { marvel, marvel_tls, socks5, proxies_fo, proxymesh, admin },
    get pid() {
      return program.pid;
    },
    get exited() {
      return program.exited.then(({ code }) => code);
    },
    stateDir,
    link,
    log: () => program.log(),
    start: async () => program.start(),
    stop: async () => program.stop(),
    kill: async () => program.kill(),
    [Symbol.asyncDispose]: async () => owned.disposeAsync(),
  });
}
