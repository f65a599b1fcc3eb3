import { fileURLToPath } from 'node:url';
import { ok, type Result } from '@marvel/shared/result';
import type { DestinationPolicy } from '@marvel/shared/feed';
import type { PlacedExit } from '../provision/exits.ts';
import { takesConnections } from './answers.ts';
import type { Part } from './part.ts';
import { startProgram, type ProgramFailure, type ProgramOptions } from './program.ts';

/** One egress host: an agent process and the exits it dials out for. */
export interface ExitAgent extends Part {
  readonly pid: number;
  readonly exits: readonly { readonly country: string; readonly exitIp: string }[];
  log(): string;
}

export interface ExitAgentOptions extends Pick<ProgramOptions, 'logFile' | 'onUnexpectedEnd' | 'signal'> {
  readonly name: string;
  readonly exits: readonly PlacedExit[];
  readonly token: string;
  readonly policy: DestinationPolicy;
  /** `NODE_OPTIONS` of its process. */
  readonly nodeOptions: string | undefined;
}

const mainFile = fileURLToPath(import.meta.resolve('../../../exit-agent/src/main.ts'));
/** Tunnels are cut when the stack goes down; nobody waits for them. */
const drainTimeoutMs = 1_000;
const stopTimeoutMs = 5_000;

/** Starts an agent and waits until each of its exits takes connections. */
export async function startExitAgent(options: ExitAgentOptions): Promise<Result<ExitAgent, ProgramFailure>> {
  const { name, exits, token, policy, nodeOptions, ...rest } = options;
  const program = await startProgram({
    ...rest,
    part: name,
    command: process.execPath,
    args: [mainFile],
    cwd: '/',
    env: {
      PATH: process.env['PATH'],
      ...(nodeOptions === undefined ? {} : { NODE_OPTIONS: nodeOptions }),
      MARVEL_AGENT_EXITS: JSON.stringify(
        exits.map(({ exitIp, port }) => ({ listen: `127.0.0.1:${port}`, token, exit_ip: exitIp })),
      ),
      MARVEL_AGENT_POLICY: JSON.stringify(policy),
      MARVEL_AGENT_DRAIN_TIMEOUT_MS: `${drainTimeoutMs}`,
    },
    isReady: async () => (await Promise.all(exits.map(async ({ port }) => takesConnections(port)))).every(Boolean),
    stopTimeoutMs,
  });
  if (!program.ok) return program;
  return ok(Object.assign(program.value, { exits: exits.map(({ country, exitIp }) => ({ country, exitIp })) }));
}
