import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import type { Readable, Writable } from 'node:stream';
import * as v from 'valibot';

/** A program of the benchmark's own: it ends when its stdin does, says one JSON object per line, and is told single letters. */
export interface NativeProcess extends AsyncDisposable {
  readonly pid: number;
  /** The next line, read by `schema`. Errors: throws when the program ends, stays silent for `limitMs`, or says something else. */
  next<S extends v.GenericSchema>(schema: S, limitMs: number): Promise<v.InferOutput<S>>;
  tell(letter: 'g' | 's'): void;
}

/** Said by a program that listens. */
const Listening = v.object({ event: v.literal('listening'), port: v.number() });
const listenLimitMs = 5000;
const maxErrorText = 4096;

/** What a program is told at its start, by the name of the option. */
export type NativeOptions = Readonly<Record<string, string>>;

/** Starts one pinned to a core. */
export async function startNative(
  core: number,
  command: readonly string[],
  options: NativeOptions,
): Promise<NativeProcess> {
  const args = Object.entries(options).flatMap(([name, value]) => [`--${name}`, value]);
  const child = spawn('taskset', ['-c', `${core}`, ...command, ...args], { stdio: ['pipe', 'pipe', 'pipe'] });
  await once(child, 'spawn');
  return natively(child, command.at(-1) ?? '');
}

/** Starts one that listens on a free port of loopback, which is given too. */
export async function startListening(
  core: number,
  program: string,
  options: NativeOptions,
): Promise<NativeProcess & { readonly port: number }> {
  const native = await startNative(core, [program], { listen: '127.0.0.1:0', ...options });
  const { port } = await native.next(Listening, listenLimitMs);
  return Object.assign(native, { port });
}

function natively(child: ChildProcessByStdio<Writable, Readable, Readable>, program: string): NativeProcess {
  let errorText = '';
  child.stderr.on('data', (chunk: Buffer) => {
    errorText = (errorText + chunk.toString()).slice(-maxErrorText);
  });
  // A program that died takes no more letters; its end is noticed where its next line is awaited.
  child.stdin.on('error', () => undefined);
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const exited = once(child, 'exit');
  const { pid } = child;
  if (pid === undefined) throw new TypeError('a spawned process has no pid');

  return {
    pid,
    async next(schema, limitMs) {
      const { promise: late, reject } = Promise.withResolvers<never>();
      const timer = setTimeout(() => reject(new Error(`${program} said nothing for ${limitMs} ms`)), limitMs);
      try {
        const line = await Promise.race([lines.next(), late]);
        if (line.done === true) throw new Error(`${program} ended: ${errorText}`);
        return v.parse(schema, JSON.parse(line.value));
      } finally {
        clearTimeout(timer);
      }
    },
    tell(letter) {
      child.stdin.write(letter);
    },
    async [Symbol.asyncDispose]() {
      if (child.exitCode === null && child.signalCode === null) child.kill('SIGKILL');
      await exited;
    },
  };
}
