import { execFile, spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { text } from 'node:stream/consumers';
import { promisify } from 'node:util';

const room = fileURLToPath(new URL('../', import.meta.url));
/** The command as it is published. */
export const dist = `${room}dist`;

/** Makes what `runMarvel` runs. */
export async function buildMarvel(): Promise<void> {
  await promisify(execFile)(process.execPath, ['publish/build.ts'], { cwd: room });
}

/** What a run of the real command ended with. */
export interface Ran {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
  /** `out` as JSON. */
  readonly json: unknown;
}

export interface RunOptions {
  readonly env?: Readonly<Record<string, string>>;
  readonly input?: string;
  readonly cwd?: string;
  /** Told of all that there is on standard error, each time that there is more. */
  readonly onErr?: (err: string) => void;
}

/** Runs `marvel` as a process of its own, with the environment that is given and no other. */
export async function runMarvel(words: readonly string[], options: RunOptions = {}): Promise<Ran> {
  const child = spawn(process.execPath, [`${dist}/main.js`, ...words], {
    env: { PATH: process.env['PATH'] ?? '', ...options.env },
    cwd: options.cwd ?? '/',
  });
  child.stdin.on('error', () => undefined);
  child.stdin.end(options.input ?? '');
  let errSoFar = '';
  child.stderr.on('data', (bytes: Buffer) => {
    errSoFar += bytes.toString();
    options.onErr?.(errSoFar);
  });
  const code = new Promise<number | null>((resolve) => {
    child.on('close', resolve);
  });
  const [out, err] = await Promise.all([text(child.stdout), text(child.stderr)]);
  return {
    code: await code,
    out,
    err,
    get json(): unknown {
      const value: unknown = JSON.parse(out);
      return value;
    },
  };
}
