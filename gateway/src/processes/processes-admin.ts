import { mergeMetrics, type ProcessMetrics } from './merge-metrics.ts';
import type { ProcessState } from './supervisor.ts';
import type { AdminSources } from '../observe/admin-listener.ts';

/** How long a process may take to tell of itself, ms; without its word the others' is given. */
const askTimeoutMs = 2000;
/** Source: Prometheus text format. */
const contentType = 'text/plain; version=0.0.4; charset=utf-8';

/** What the admin listener of several processes tells: what each of them says of itself, put together. */
export function processesAdmin(states: () => readonly ProcessState[]): AdminSources {
  return {
    contentType,
    notReady: async () => {
      const asked = states();
      const answers = await Promise.all(asked.map(async ({ admin }) => ask(admin, '/readyz')));
      // Those that do not serve do not listen: as long as one does, clients get through.
      if (answers.some((answer) => answer?.ok === true)) return undefined;
      return asked
        .map(({ number }, index) => `process ${number}: ${answers[index]?.text.trim() ?? 'not serving'}`)
        .join('\n');
    },
    metrics: async () => {
      const asked = states();
      const answers = await Promise.all(asked.map(async ({ admin }) => ask(admin, '/metrics')));
      const own = asked.map((state, index) => ({
        ...named(state),
        text: ownMetrics(state, answers[index]?.ok === true),
      }));
      const told = asked.flatMap((state, index) => {
        const answer = answers[index];
        return answer?.ok === true ? [{ ...named(state), text: answer.text }] : [];
      });
      return mergeMetrics([...own, ...told]);
    },
  };
}

function named({ number, gateway }: ProcessState): Omit<ProcessMetrics, 'text'> {
  return { process: number, gateway };
}

function ownMetrics({ restarts }: ProcessState, isUp: boolean): string {
  return [
    '# HELP marvel_gateway_process_up Whether the process serves and tells of itself.',
    '# TYPE marvel_gateway_process_up gauge',
    `marvel_gateway_process_up ${isUp ? 1 : 0}`,
    '# HELP marvel_gateway_process_restarts_total How often the process was started again.',
    '# TYPE marvel_gateway_process_restarts_total counter',
    `marvel_gateway_process_restarts_total ${restarts}`,
  ].join('\n');
}

async function ask(
  admin: string | undefined,
  path: string,
): Promise<{ readonly ok: boolean; readonly text: string } | undefined> {
  if (admin === undefined) return undefined;
  try {
    const answer = await fetch(`http://${admin}${path}`, { signal: AbortSignal.timeout(askTimeoutMs) });
    return { ok: answer.ok, text: await answer.text() };
  } catch {
    return undefined;
  }
}
