import { rm } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import type { DestinationPolicy } from '@marvel/shared/feed';
import { err, ok, type Result } from '@marvel/shared/result';
import { inParallel } from './in-parallel.ts';
import { makeCertificate } from './parts/certificate.ts';
import type { Edge } from './parts/edge.ts';
import type { ExitAgent } from './parts/exit-agents.ts';
import type { GatewayPart } from './parts/gateway.ts';
import { startOrigins, type Origins } from './parts/origins.ts';
import type { Part } from './parts/part.ts';
import { describeProgramFailure, type UnexpectedEnd } from './parts/program.ts';
import { checkUnused } from './postgres.ts';
import { preparedRun, type PreparedRun } from './prepared-run.ts';
import { createApi, type Api } from './provision/api.ts';
import { awaitKey } from './provision/await-key.ts';
import { obtainCheckAccount, type CheckAccount } from './provision/check-account.ts';
import { obtainDemoAccount, type DemoAccount } from './provision/demo-account.ts';
import { replaceExits, offerPlan, saveBundles, setPolicy } from './provision/fleet.ts';
import { placeExits } from './provision/place-exits.ts';
import { describeStackFailure, type StackFailure } from './stack-failure.ts';
import type { StackInfo } from './stack-info.ts';
import { holdFreePorts, holdKnownPorts, type PortName } from './stack-ports.ts';
import { openGatewayFleet, type GatewayFleet } from './stack/gateway-fleet.ts';
import type { Setting } from './stack/setting.ts';
import { startServices, type Services } from './stack/start-services.ts';
import { openSecrets, type SecretStore } from './state/secrets.ts';
import { openStateDirectory } from './state/state-directory.ts';
import { writeFileAtomically } from './state/write-file-atomically.ts';
import { startStripeStandIn, type StripeStandIn } from './stripe-stand-in.ts';

export interface StackOptions {
  /** Free ports and a throw-away database and state. Default false: the known ports, state that lives on. */
  readonly ephemeral?: boolean;
  /** Default 1. */
  readonly gateways?: number;
  /** Of each gateway, on the same addresses. Default 1. */
  readonly processes?: number;
  /** Told of each step as it is done. */
  readonly onProgress?: (step: string) => void;
  /** Further variables of every gateway, by which tests shorten limits. */
  readonly gatewaySettings?: Readonly<Record<string, string>>;
  /** Whether each gateway has a state directory, and so survives a restart without the edge. Default true. */
  readonly gatewayState?: boolean;
  /** Where state lives on. Default: `.marvel` in the repository. */
  readonly stateDirectory?: string;
  /** A name service (JSON over HTTPS, or http) in place of the public one. */
  readonly nameService?: string;
  /** `NODE_OPTIONS` of the exit agents, by which tests script what names resolve to. */
  readonly agentNodeOptions?: string;
  /** Other than the known ports. */
  readonly ports?: Partial<Readonly<Record<PortName, number>>>;
  /** What a throw-away stack begins with instead of making it from nothing. */
  readonly prepared?: PreparedRun | undefined;
  /** Told of each program that ends although nobody asked it to. Default: writes it to standard error. */
  readonly onUnexpectedEnd?: (end: UnexpectedEnd) => void;
  /** Gives the start up. */
  readonly signal?: AbortSignal;
}

/** The whole system on this machine. Disposing of it stops everything, in order. */
export interface Stack extends AsyncDisposable {
  /** What `stack.json` holds. */
  readonly info: StackInfo;
  /** The directory of state, logs and `stack.json`. */
  readonly stateDirectory: string;
  readonly postgres: Part & { readonly url: string };
  readonly neonFront: Part & { delay(delayMs: number): void };
  readonly edge: Edge;
  readonly stripe: StripeStandIn;
  readonly echo: Origins;
  readonly agents: readonly ExitAgent[];
  readonly gateways: readonly GatewayPart[];
  /** Enrols and starts one more gateway. Errors: rejects with what a person needs to know. */
  addGateway(settings?: Readonly<Record<string, string>>): Promise<GatewayPart>;
}

/** Where a stack keeps its state unless told otherwise. */
export const defaultStateDirectory = fileURLToPath(import.meta.resolve('../../.marvel'));

function writeUnexpectedEnd(end: UnexpectedEnd): void {
  process.stderr.write(`${describeProgramFailure(end)}\n`);
}

/** Lets the origins of the stack be reached, although they are on loopback and on odd ports; nothing else beyond the usual. */
function localPolicy({ ports }: Setting): DestinationPolicy {
  const open = [ports.echo, ports.echo_tls, ports.ends_first, ports.answers_after_end, ports.closed];
  return {
    ports: [80, 443, 8080, 8443],
    allow: ['127.0.0.1', 'localhost'].flatMap((host) => open.map((port) => ({ host, port }))),
    own_addresses: [],
  };
}

/** Opens what a stack stands on: its directory, its secrets and its ports. */
async function prepare(options: StackOptions, undo: AsyncDisposableStack): Promise<Result<Setting, StackFailure>> {
  const isEphemeral = options.ephemeral ?? false;
  const say = options.onProgress ?? (() => undefined);
  const held = isEphemeral ? ok(await holdFreePorts()) : await holdKnownPorts(options.ports ?? {}, say, options.signal);
  if (!held.ok) return held;
  undo.use(held.value);
  const directory = await openStateDirectory(
    isEphemeral ? undefined : (options.stateDirectory ?? defaultStateDirectory),
  );
  if (directory.isThrowAway) undo.defer(async () => directory.remove());
  const unused = await checkUnused(directory.postgresData);
  if (!unused.ok) return err({ code: 'postgres', failure: unused.error });
  await rm(directory.stackFile, { force: true }); // of a stack that was killed
  const secrets = await openSecrets(directory.secretsFile);
  if (!secrets.ok) return secrets;
  return ok({
    directory,
    secrets: secrets.value,
    ports: held.value.ports,
    certificate: await makeCertificate(directory),
    nameService: options.nameService,
    agentNodeOptions: options.agentNodeOptions,
    prepared: directory.isThrowAway ? options.prepared : undefined,
    say,
    onUnexpectedEnd: options.onUnexpectedEnd ?? writeUnexpectedEnd,
  });
}

/** Everything that a stack is, once it runs. */
interface Running {
  readonly setting: Setting;
  readonly services: Services;
  readonly origins: Origins;
  readonly stripe: StripeStandIn;
  readonly fleet: GatewayFleet;
  readonly demo: DemoAccount;
}

function describe({ setting, services, origins, stripe, fleet, demo }: Running): StackInfo {
  const { secrets, directory } = setting;
  const gateways = fleet.gateways.map(({ info }) => info);
  const [gateway] = gateways;
  if (gateway === undefined) throw new TypeError('a stack has a gateway');
  return {
    api: services.edge.url,
    operator_token: secrets.current.operator_token,
    gateway,
    gateways,
    echo: origins.url,
    echo_tls: origins.tlsUrl,
    certificate_file: directory.certificateFile,
    ...demo,
    stripe: { url: stripe.url, webhook_secret: secrets.current.stripe_webhook_secret },
    dashboard: services.edge.url,
    database_url: services.database.url,
    pids: {
      stack: process.pid,
      postgres: services.database.pid,
      edge: services.edge.pid,
      agents: services.agents.map(({ pid }) => pid),
      gateways: fleet.gateways.map(({ pid }) => pid),
    },
  };
}

/** Fills the control API, over the routes that anyone with the operator's token has. */
async function provision(
  setting: Setting,
  api: Api,
  exits: Parameters<typeof replaceExits>[2],
): Promise<Result<void, StackFailure>> {
  const { operator_token: operatorToken, agent_token: agentToken } = setting.secrets.current;
  const policy = await setPolicy(api, operatorToken, localPolicy(setting));
  if (!policy.ok) return policy;
  const replaced = await replaceExits(api, operatorToken, exits, agentToken);
  if (!replaced.ok) return replaced;
  const saved = await saveBundles(api, operatorToken);
  if (!saved.ok) return saved;
  const offered = await offerPlan(api, operatorToken);
  if (offered.ok) setting.say('the fleet has its exits, its destination policy, and bundles and a plan to sell');
  return offered;
}

/** The demo account, and the one that the start is checked with. */
interface Accounts {
  readonly demo: DemoAccount;
  readonly check: CheckAccount;
  /** The last that gateways have to hear of: the feed is in order, so who knows it knows the demo account too. */
  readonly key: string;
}

async function obtainAccounts(
  api: Api,
  secrets: SecretStore,
  signal: AbortSignal,
): Promise<Result<Accounts, StackFailure>> {
  const obtained = await inParallel(signal, [
    async () => obtainDemoAccount(api, secrets),
    async () => obtainCheckAccount(api, secrets),
  ]);
  if (!obtained.ok) return obtained;
  const [demo, check] = obtained.value;
  const key = await check.makeKey();
  return key.ok ? ok({ demo, check, key: key.value }) : key;
}

/** The gateways, ready to serve. */
async function startGateways(
  fleet: GatewayFleet,
  count: number,
  signal: AbortSignal,
): Promise<Result<void, StackFailure>> {
  const tasks = Array.from({ length: count }, () => async (either: AbortSignal) => fleet.add({}, either));
  const started = await inParallel(signal, tasks);
  return started.ok ? ok(undefined) : started;
}

/** Starts everything; what it starts is in `undo`, in the order in which it has to be stopped last. */
async function start(options: StackOptions, undo: AsyncDisposableStack): Promise<Result<Running, StackFailure>> {
  const { signal } = options;
  const prepared = await prepare(options, undo);
  if (!prepared.ok) return prepared;
  const setting = prepared.value;
  const { directory, secrets, ports, say } = setting;
  say('starting PostgreSQL 18, the control API in workerd, the exit agents, the Stripe stand-in and the echo origin');

  const origins = undo.use(await startOrigins(ports, setting.certificate));
  const stripe = undo.use(
    await startStripeStandIn({
      port: ports.stripe,
      secretKey: secrets.current.stripe_secret_key,
      webhook: {
        url: `http://127.0.0.1:${ports.api}/v1/webhooks/stripe`,
        secret: secrets.current.stripe_webhook_secret,
      },
      ...(directory.isThrowAway ? {} : { stateFile: directory.stripeFile }),
    }),
  );
  const held = undo.use(await placeExits(secrets));
  const started = await startServices(setting, held.exits, localPolicy(setting), undo, signal);
  if (!started.ok) return started;
  const services = started.value;

  const api = createApi(services.edge.url, signal);
  const fleet = undo.use(
    openGatewayFleet(setting, api, {
      settings: options.gatewaySettings ?? {},
      keepsState: options.gatewayState ?? true,
      processes: options.processes ?? 1,
    }),
  );
  const filled = await inParallel(signal, [
    async () => provision(setting, api, held.exits),
    async (either) => obtainAccounts(api, secrets, either),
    async (either) => startGateways(fleet, options.gateways ?? 1, either),
  ]);
  if (!filled.ok) return filled;
  const [, { demo, check, key }] = filled.value;
  say(`the demo account ${demo.account.email} is signed in`);
  for (const gateway of fleet.gateways) {
    const known = await awaitKey(gateway.marvel, key, new URL(origins.url).host, signal);
    if (!known.ok) return err({ code: 'gateway_ignorant', gateway: gateway.name, status: known.error });
  }
  const left = await check.leave();
  if (!left.ok) return left;
  return ok({ setting, services, origins, stripe, fleet, demo });
}

/**
 * Starts the whole system and waits until every gateway knows the demo account, and one that was made after it gets
 * through to the echo origin.
 *
 * Errors: `StackFailure`, with nothing left running; `describeStackFailure` says it to a person.
 */
export async function startStack(options: StackOptions = {}): Promise<Result<Stack, StackFailure>> {
  await using undo = new AsyncDisposableStack();
  const started = await start(options, undo);
  // What fails while the start is given up fails because of that.
  if (!started.ok) return options.signal?.aborted === true ? err({ code: 'interrupted' }) : started;
  const running = started.value;
  const { setting, services, origins, stripe, fleet } = running;
  const { neonFront } = services;
  const { stackFile, path } = setting.directory;
  undo.defer(async () => rm(stackFile, { force: true }));
  await writeFileAtomically(stackFile, `${JSON.stringify(describe(running), undefined, 2)}\n`);

  const owned = undo.move();
  return ok({
    get info() {
      return describe(running);
    },
    stateDirectory: path,
    postgres: services.database,
    neonFront: {
      delay: (delayMs) => neonFront.delay(delayMs),
      start: async () => neonFront.start(),
      stop: async () => neonFront.stop(),
      kill: async () => neonFront.stop(),
    },
    edge: services.edge,
    stripe,
    echo: origins,
    agents: services.agents,
    get gateways() {
      return fleet.gateways;
    },
    async addGateway(settings = {}) {
      const added = await fleet.add(settings, undefined);
      if (!added.ok) throw new Error(describeStackFailure(added.error));
      return added.value;
    },
    [Symbol.asyncDispose]: async () => owned.disposeAsync(),
  });
}

/** All clients of a test have one address, which would soon be banned for trying keys that are on their way. */
const testSettings = { MARVEL_BAN_REFUSALS: '0' };

/**
 * The same for tests: a stack that does not start is a failure, and rejects with what a person needs to know; the
 * gateways ban nobody unless `gatewaySettings` says so.
 */
export async function createStack(options: StackOptions = {}): Promise<Stack> {
  const gatewaySettings = { ...testSettings, ...options.gatewaySettings };
  const started = await startStack({ ...options, gatewaySettings, prepared: preparedRun() });
  if (started.ok) return started.value;
  throw new Error(describeStackFailure(started.error));
}
