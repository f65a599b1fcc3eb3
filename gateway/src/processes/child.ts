import { spawn } from 'node:child_process';
import type { Readable } from 'node:stream';
import * as v from 'valibot';
import type { Environment } from '../read-settings.ts';

/** How a process ended. */
export interface ProcessEnd {
  readonly code: number | null;
  readonly signal: string | null;
}

/** A gateway in a process of its own. */
export interface Child {
  readonly pid: number | undefined;
  /** Resolves with its admin address once it serves; never when it does not get so far. */
  readonly ready: Promise<string>;
  readonly exited: Promise<ProcessEnd>;
  /** Its events. */
  readonly log: Readable | null;
  /** Asks it to end in order: `drain` lets its tunnels end, `cut` does not. */
  tell(word: StopWord): void;
  /** Ends it at once. */
  kill(): void;
}

export const StopWord = v.picklist(['drain', 'cut']);
export type StopWord = v.InferOutput<typeof StopWord>;

/** The one line that a gateway prints when it serves. */
const Listening = v.pipe(
  v.string(),
  v.parseJson(),
  v.looseObject({ event: v.literal('listening'), admin: v.string() }),
);
/** More than that line is long, characters. */
const maxLineLength = 8192;

/**
 * Starts a program that is a gateway. It is asked to stop over a channel and not by signals, so that a signal to the whole
 * group (Ctrl-C, a service manager) and ours are not taken for two; and it ends when this process does.
 */
export function startChild(command: readonly [string, ...string[]], environment: Environment): Child {
  const [program, ...args] = command;
  const child = spawn(program, args, { env: environment, stdio: ['ignore', 'pipe', 'pipe', 'ipc'] });
  const ready = Promise.withResolvers<string>();
  const exited = Promise.withResolvers<ProcessEnd>();
  child.on('error', () => {
    // A process that could not be started has no exit; one that could not be told something will have one.
    if (child.pid === undefined) exited.resolve({ code: null, signal: null });
  });
  child.on('close', (code, signal) => {
    exited.resolve({ code, signal });
  });
  let said = '';
  child.stdout?.on('data', (bytes: Buffer) => {
    if (said.length > maxLineLength) return;
    said += bytes.toString('utf8');
    const listening = v.safeParse(Listening, said.slice(0, said.indexOf('\n')));
    if (listening.success) ready.resolve(listening.output.admin);
  });
  return {
    pid: child.pid,
    ready: ready.promise,
    exited: exited.promise,
    log: child.stderr,
    tell(word) {
      if (child.connected) child.send(word, () => undefined);
    },
    kill() {
      child.kill('SIGKILL');
    },
  };
}
