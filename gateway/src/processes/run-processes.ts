import { mkdir } from 'node:fs/promises';
import { openAdminListener } from '../observe/admin-listener.ts';
import { startChild } from './child.ts';
import type { LogFunnel } from './log-funnel.ts';
import type { ProcessesPlan } from './plan-processes.ts';
import { processesAdmin } from './processes-admin.ts';
import { Supervisor } from './supervisor.ts';

/** Several gateways in processes of their own, on the same addresses. */
export interface Processes {
  readonly admin: string;
  readonly supervisor: Supervisor;
  /** After the last process has ended. */
  readonly close: () => Promise<void>;
}

const restart = { firstMs: 250, maxMs: 30_000 };
const notReadyMs = 60_000;
const stableMs = 60_000;
/** What a process takes at most to post its last batches once its tunnels have ended, and some, ms. */
const afterDrainMs = 20_000;

/** Starts processes that run `command`, and the admin listener of all. Errors: rejects when that cannot be opened, or a directory not made. */
export async function runProcesses(
  { processes, config }: ProcessesPlan,
  command: readonly [string, ...string[]],
  log: LogFunnel,
): Promise<Processes> {
  for (const { stateDirectory } of processes) {
    if (stateDirectory !== undefined) await mkdir(stateDirectory, { recursive: true, mode: 0o700 });
  }
  // The admin address is nobody else's, so whoever has it is the one supervisor of these identities on this host.
  const admin = await openAdminListener(
    config.MARVEL_LISTEN_ADMIN,
    processesAdmin(() => supervisor.states),
  );
  const supervisor = new Supervisor(processes, {
    start: (plan) => {
      const child = startChild(command, plan.environment);
      if (child.log !== null) log.take(child.log);
      return child;
    },
    note: log.note,
    times: { restart, notReadyMs, stableMs, stopMs: config.MARVEL_DRAIN_TIMEOUT_MS + afterDrainMs },
  });
  return { admin: admin.address, supervisor, close: async () => admin.close() };
}
