import type { DestinationPolicy } from '@marvel/shared/feed';
import { ok, type Result } from '@marvel/shared/result';
import { inParallel } from '../in-parallel.ts';
import { startNeonFront, type NeonFront } from '../neon-front.ts';
import { migrateDatabase, startDatabase, type DatabasePart } from '../parts/database.ts';
import { startEdge, type Edge } from '../parts/edge.ts';
import { startExitAgent, type ExitAgent } from '../parts/exit-agents.ts';
import { marvelDatabaseUrl } from '../postgres.ts';
import type { PlacedExit } from '../provision/exits.ts';
import type { StackFailure } from '../stack-failure.ts';
import { feedKeyId, fleetName, type Setting } from './setting.ts';

/** What runs before anything can be provisioned. */
export interface Services {
  readonly database: DatabasePart;
  readonly neonFront: NeonFront;
  readonly edge: Edge;
  readonly agents: readonly ExitAgent[];
}

const loopback = '127.0.0.1';

/** The variables and secrets of the Worker. */
function edgeVariables({ secrets, ports, nameService }: Setting): Readonly<Record<string, string>> {
  const { current } = secrets;
  return {
    DATABASE_URL: marvelDatabaseUrl(ports.postgres),
    NEON_FRONT_URL: `http://${loopback}:${ports.neon_front}`,
    FLEET: fleetName,
    ...(nameService === undefined ? {} : { DOH_URL: nameService }),
    CREDENTIAL_PEPPER: current.credential_pepper,
    FEED_SIGNING_KEY: JSON.stringify({ ...current.feed_signing_key, kid: feedKeyId }),
    OPERATOR_TOKEN: current.operator_token,
    STRIPE_SECRET_KEY: current.stripe_secret_key,
    STRIPE_WEBHOOK_SECRET: current.stripe_webhook_secret,
    STRIPE_API_URL: `http://${loopback}:${ports.stripe}`,
    WEBHOOK_ALLOW_LOOPBACK: 'true',
    PUBLIC_API_URL: `http://${loopback}:${ports.api}`,
    GATEWAY_ADDRESS: `${loopback}:${ports.marvel}`,
    GATEWAY_DOORS: [
      `proxies-fo-residential=${loopback}:${ports.proxies_fo_residential}`,
      `proxies-fo-isp=${loopback}:${ports.proxies_fo_isp}`,
      `proxies-fo-datacenter=${loopback}:${ports.proxies_fo_datacenter}`,
      `proxymesh=${loopback}:${ports.proxymesh}`,
    ].join(','),
    // One origin: the Worker serves the dashboard beside the API.
    DASHBOARD_ORIGIN: `http://${loopback}:${ports.api}`,
    // Everybody on this machine has one address, and scripts that try things out are no attack.
    RATE_LIMIT_ACCOUNT: '60000',
    RATE_LIMIT_ADDRESS: '60000',
    RATE_LIMIT_SIGN_IN: '600',
    SIGN_IN_BAN_FAILURES: '600',
  };
}

/** The server, the front before it, and the newest state in it. */
async function startDatabaseSide(
  { directory, ports, prepared, say, onUnexpectedEnd }: Setting,
  undo: AsyncDisposableStack,
  signal: AbortSignal,
): Promise<Result<{ readonly database: DatabasePart; readonly neonFront: NeonFront }, StackFailure>> {
  const dataDirectory = directory.isThrowAway ? undefined : directory.postgresData;
  const database = await startDatabase({
    port: ports.postgres,
    dataDirectory,
    copyOf: prepared?.migratedCluster,
    onUnexpectedEnd,
  });
  if (!database.ok) return database;
  undo.use(database.value);
  say(`PostgreSQL 18 runs on ${loopback}:${ports.postgres}`);
  const neonFront = undo.use(await startNeonFront({ port: ports.neon_front, postgresPort: ports.postgres }));
  if (prepared === undefined) {
    const migrated = await migrateDatabase(database.value.url, signal);
    if (!migrated.ok) return migrated;
    say(`migrations: ${migrated.value.at(-1) ?? 'none'}`);
  }
  return ok({ database: database.value, neonFront });
}

async function startEdgeSide(
  setting: Setting,
  undo: AsyncDisposableStack,
  signal: AbortSignal,
): Promise<Result<Edge, StackFailure>> {
  const { directory, ports, prepared, say, onUnexpectedEnd } = setting;
  const edge = await startEdge({
    port: ports.api,
    variables: edgeVariables(setting),
    variablesFile: directory.edgeVariablesFile,
    stateDirectory: directory.edgeState,
    workerFolder: prepared?.workerFolder,
    logFile: directory.logFile('edge'),
    onUnexpectedEnd,
    signal,
    ...(directory.isThrowAway ? { lastRemoved: directory.path } : {}),
  });
  if (!edge.ok) return edge;
  undo.use(edge.value);
  say(`the control API answers on ${edge.value.url}`);
  return edge;
}

async function startAgents(
  { directory, secrets, agentNodeOptions, say, onUnexpectedEnd }: Setting,
  exits: readonly PlacedExit[],
  policy: DestinationPolicy,
  undo: AsyncDisposableStack,
  signal: AbortSignal,
): Promise<Result<readonly ExitAgent[], StackFailure>> {
  const hosts = Map.groupBy(exits, ({ agent }) => agent);
  const started = await inParallel(
    signal,
    [...hosts].map(([name, hosted]) => async (either: AbortSignal) => {
      const agent = await startExitAgent({
        name,
        exits: hosted,
        token: secrets.current.agent_token,
        policy,
        nodeOptions: agentNodeOptions,
        logFile: directory.logFile(name),
        onUnexpectedEnd,
        signal: either,
      });
      if (agent.ok) undo.defer(async () => agent.value.stop());
      return agent;
    }),
  );
  const countries = new Set(exits.map(({ country }) => country));
  if (started.ok) say(`${hosts.size} exit agents serve ${exits.length} exits in ${[...countries].join(', ')}`);
  return started;
}

/** Starts the database, the control API and the exit agents, all at once. Errors: the first `StackFailure`. */
export async function startServices(
  setting: Setting,
  exits: readonly PlacedExit[],
  policy: DestinationPolicy,
  undo: AsyncDisposableStack,
  signal: AbortSignal | undefined,
): Promise<Result<Services, StackFailure>> {
  const started = await inParallel(signal, [
    async (either) => startDatabaseSide(setting, undo, either),
    async (either) => startEdgeSide(setting, undo, either),
    async (either) => startAgents(setting, exits, policy, undo, either),
  ]);
  if (!started.ok) return started;
  const [{ database, neonFront }, edge, agents] = started.value;
  return ok({ database, neonFront, edge, agents });
}
