import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { chmod, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import * as v from 'valibot';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { reservePorts, type PortReservation } from './ports.ts';
import { StackInfo } from './stack-info.ts';
import { portNames, portVariable, type PortName } from './stack-ports.ts';

const startProgram = fileURLToPath(import.meta.resolve('./start.ts'));
/** Several whole stacks, one after the other. */
const limit = { timeout: 120_000 };

let state: string;
let reservation: PortReservation<PortName>;
const running: ChildProcess[] = [];

beforeAll(async () => {
  state = await mkdtemp(join(tmpdir(), 'marvel-start-'));
  await chmod(state, 0o755); // where PostgreSQL runs as another user, it has to get in
  reservation = await reservePorts(portNames);
});
afterAll(async () => {
  for (const child of running.filter(({ exitCode, signalCode }) => exitCode === null && signalCode === null)) {
    child.kill('SIGINT');
    await once(child, 'exit');
  }
  await reservation[Symbol.asyncDispose]();
  await rm(state, { recursive: true, force: true, maxRetries: 20 });
});

interface Run {
  readonly child: ChildProcess;
  readonly output: () => string;
  /** Settles when a line holds the text; rejects when the program ends before. */
  readonly says: (part: string) => Promise<void>;
  readonly ended: Promise<number | null>;
}

/** Runs `start` on the reserved ports and the state of this file. */
function start(...args: readonly string[]): Run {
  const ports = Object.entries(reservation.ports).map(([name, port]) => {
    const known = portNames.find((one) => one === name);
    return [known === undefined ? name : portVariable(known), `${port}`] as const;
  });
  const child = spawn(process.execPath, [startProgram, ...args], {
    env: { ...process.env, ...Object.fromEntries(ports), MARVEL_STATE: state },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  running.push(child);
  const lines: string[] = [];
  const waiting = new Set<() => void>();
  for (const stream of [child.stdout, child.stderr]) {
    createInterface({ input: stream }).on('line', (line) => {
      lines.push(line);
      for (const look of waiting) look();
    });
  }
  const output = () => lines.join('\n');
  return {
    child,
    output,
    ended: new Promise((resolve) => child.once('close', (code) => resolve(code))),
    says: async (part) =>
      new Promise((resolve, reject) => {
        const look = (): void => {
          if (!output().includes(part)) return;
          waiting.delete(look);
          resolve();
        };
        waiting.add(look);
        child.once('close', () => reject(new Error(`ended without saying "${part}":\n${output()}`)));
        look();
      }),
  };
}

const stackFile = (): string => join(state, 'stack.json');

async function readInfo(): Promise<StackInfo> {
  return v.parse(StackInfo, JSON.parse(await readFile(stackFile(), 'utf8')));
}

async function balanceOf({ api, account }: StackInfo): Promise<number> {
  const answer = await fetch(`${api}/v1/usage`, { headers: { Authorization: `Bearer ${account.token}` } });
  return v.parse(v.object({ balance_bytes: v.number() }), await answer.json()).balance_bytes;
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

describe('start', () => {
  /** Runs from the end of the first test until the third. */
  let whole: Run;

  test('interrupted at any moment, it leaves nothing running and the next start works', limit, async () => {
    const early = start();
    await early.says('starting PostgreSQL');
    early.child.kill('SIGINT');
    expect(await early.ended).toBe(130);

    const killed = start();
    await killed.says('exit agents serve');
    killed.child.kill('SIGKILL');
    expect(await killed.ended).toBeNull();

    const late = start();
    await late.says('the control API answers');
    late.child.kill('SIGTERM');
    expect(await late.ended).toBe(130);
    expect(existsSync(stackFile())).toBe(false);

    whole = start('--gateways', '2');
    await whole.says('Ctrl-C stops everything.');
    const info = await readInfo();
    expect(whole.output()).toContain(info.account.key);
    expect(info.gateways).toHaveLength(2);
    expect(await balanceOf(info)).toBe(10_000_000_000);
  });

  test(
    'says which ports are busy, by whom they are wanted and how to change them, and leaves the first alone',
    limit,
    async () => {
      const info = await readInfo();
      const second = start();
      expect(await second.ended).toBe(1);
      const { api, marvel } = reservation.ports;
      expect(second.output()).toContain(
        `Port ${api}, wanted by the control API, is in use by another program. Choose another with --port-api <port> or MARVEL_PORT_API=<port>.`,
      );
      expect(second.output()).toContain(`Port ${marvel}, wanted by the gateway, is in use`);

      await using others = await reservePorts(portNames);
      const elsewhere = portNames.flatMap((name) => [`--port-${name.replaceAll('_', '-')}`, `${others.ports[name]}`]);
      const third = start(...elsewhere);
      expect(await third.ended).toBe(1);
      expect(third.output()).toContain('is in use by a running stack');

      expect(await balanceOf(info)).toBe(10_000_000_000);
      expect(await readInfo()).toEqual(info);
    },
  );

  test('runs until Ctrl-C, leaves nothing running, and finds everything again', limit, async () => {
    const before = await readInfo();
    const balance = await balanceOf(before);
    whole.child.kill('SIGINT');
    expect(await whole.ended).toBe(0);
    for (const pid of Object.values(before.pids).flat()) expect(isRunning(pid)).toBe(false);
    expect(existsSync(stackFile())).toBe(false);

    const second = start();
    await second.says('Ctrl-C stops everything.');
    const after = await readInfo();
    expect(after.account).toEqual({ ...before.account, token: after.account.token });
    expect(after.sub_user).toEqual(before.sub_user);
    expect(after.operator_token).toBe(before.operator_token);
    expect(await balanceOf(after)).toBe(balance);
    second.child.kill('SIGTERM');
    expect(await second.ended).toBe(0);
  });

  test('a throw-away stack is found where tools look, and takes nothing with it but itself', limit, async () => {
    const first = start('--ephemeral');
    await first.says('Ctrl-C stops everything.');
    const info = await readInfo();
    expect(await balanceOf(info)).toBeGreaterThan(0);
    const second = start('--ephemeral');
    await second.says('Ctrl-C stops everything.');
    expect(await readInfo()).toEqual(info);
    second.child.kill('SIGINT');
    expect(await second.ended).toBe(0);
    expect(await readInfo()).toEqual(info);
    first.child.kill('SIGINT');
    expect(await first.ended).toBe(0);
    expect(existsSync(stackFile())).toBe(false);
  });
});
