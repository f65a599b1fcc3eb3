import { PassThrough } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { afterEach, describe, expect, test } from 'vitest';
import { eventually } from '../../test-support/event-log.ts';
import { type Child, startChild } from './child.ts';
import type { ProcessPlan } from './plan-processes.ts';
import { Supervisor } from './supervisor.ts';

const program = fileURLToPath(new URL('../../test-support/process-child.ts', import.meta.url));
const times = { restart: { firstMs: 20, maxMs: 100 }, notReadyMs: 150, stableMs: 60_000, stopMs: 1000 };

interface Note {
  readonly event: string;
  readonly process?: number;
  readonly failures?: number;
  readonly signal?: string | null;
  readonly code?: number | null;
}

const supervisors: Supervisor[] = [];
afterEach(async () => {
  for (const supervisor of supervisors.splice(0)) {
    supervisor.stop('cut');
    await supervisor.ended();
  }
});

/** Supervises real processes, one for each script; a script may be exchanged for the next start. */
function supervise(scripts: string[]): {
  supervisor: Supervisor;
  notes: Note[];
  children: Child[][];
  said: () => string;
} {
  const notes: Note[] = [];
  const children: Child[][] = scripts.map(() => []);
  const log = new PassThrough();
  let text = '';
  log.on('data', (bytes: Buffer) => (text += bytes.toString()));
  const plans = scripts.map((_, index): ProcessPlan => ({
    number: index + 1,
    gateway: `gtw_000${index + 1}`,
    environment: process.env,
    stateDirectory: undefined,
  }));
  const supervisor = new Supervisor(plans, {
    start: ({ number, environment }) => {
      const child = startChild([process.execPath, program, scripts[number - 1] ?? ''], environment);
      child.log?.pipe(log, { end: false });
      children[number - 1]?.push(child);
      return child;
    },
    note: (_level, event, details) => notes.push({ event, ...details }),
    times,
  });
  supervisors.push(supervisor);
  return { supervisor, notes, children, said: () => text };
}

describe('a supervisor', () => {
  test('is ready when all serve, and ends in order when all do', async () => {
    const { supervisor, children, said } = supervise(['serves', 'serves']);
    expect(await supervisor.ready).toBe(true);
    expect(supervisor.states.map(({ admin }) => admin)).toEqual(['127.0.0.1:1', '127.0.0.1:1']);
    supervisor.stop('drain');
    expect(await supervisor.ended()).toBe(true);
    expect(said().match(/told_drain/g)).toHaveLength(2);
    expect(children.map((runs) => runs.length)).toEqual([1, 1]);
  });

  test('starts one that was killed again, and touches no other', async () => {
    const { supervisor, notes, children } = supervise(['serves', 'serves', 'serves']);
    await supervisor.ready;
    process.kill(children[1]?.[0]?.pid ?? 0, 'SIGKILL');
    await eventually(() => {
      expect(supervisor.states.map(({ restarts, admin }) => [restarts, admin !== undefined])).toEqual([
        [0, true],
        [1, true],
        [0, true],
      ]);
    });
    expect(notes.filter(({ event }) => event === 'process_ended')).toMatchObject([{ process: 2, signal: 'SIGKILL' }]);
    supervisor.stop('drain');
    expect(await supervisor.ended()).toBe(true);
  });

  test('waits longer each time for one that keeps failing, and stops in the middle of that', async () => {
    const scripts = ['serves', 'serves'];
    const { supervisor, notes, children } = supervise(scripts);
    await supervisor.ready;
    scripts[1] = 'fails';
    children[1]?.[0]?.kill();
    await eventually(() => {
      expect(notes.filter(({ event }) => event === 'process_restarts').length).toBeGreaterThanOrEqual(4);
    });
    supervisor.stop('drain');
    await supervisor.ended();
    const failures = notes.filter(({ event }) => event === 'process_restarts').map((note) => note.failures);
    expect(failures.slice(0, 4)).toEqual([1, 2, 3, 4]);
    expect(children[0]).toHaveLength(1);
  });

  test('says so, again and again, when one does not come to serve, and the others go on', async () => {
    const scripts = ['serves', 'waits'];
    const { supervisor, notes } = supervise(scripts);
    await eventually(() => {
      const late = notes.filter(({ event, process }) => event === 'process_not_ready' && process === 2);
      expect(late.length).toBeGreaterThanOrEqual(2);
      expect(supervisor.states.map(({ admin }) => admin !== undefined)).toEqual([true, false]);
    });
  });

  test('gives up when one ends before any has served, and leaves none behind', async () => {
    const { supervisor, notes, children } = supervise(['waits', 'fails']);
    expect(await supervisor.ready).toBe(false);
    expect(await supervisor.ended()).toBe(false);
    expect(notes.map(({ event }) => event)).toContain('processes_cannot_start');
    for (const runs of children) expect(runs).toHaveLength(1);
  });

  test('kills one that does not stop in time, and says that it was not in order', async () => {
    const { supervisor, notes } = supervise(['stays']);
    await supervisor.ready;
    supervisor.stop('drain');
    expect(await supervisor.ended()).toBe(false);
    expect(notes.at(-1)).toMatchObject({ event: 'process_ended', signal: 'SIGKILL' });
  });

  test('says that a program cannot be started at all', async () => {
    const notes: Note[] = [];
    const plan = { number: 1, gateway: 'gtw_0001', environment: {}, stateDirectory: undefined };
    const supervisor = new Supervisor([plan], {
      start: ({ environment }) => startChild(['/nowhere/node'], environment),
      note: (_level, event, details) => notes.push({ event, ...details }),
      times,
    });
    expect(await supervisor.ended()).toBe(false);
    expect(notes.map(({ event }) => event)).toEqual(['process_ended', 'processes_cannot_start']);
  });
});
