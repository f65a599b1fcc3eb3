import { execFile } from 'node:child_process';
import { chmod, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { reservePorts } from '@marvel/dev-stack/ports';
import { err, ok, type Result } from '@marvel/shared/result';
import { chooseCores, type Cores, parseCoreList } from './cores.ts';
import { type NativeProcess, startListening } from './native-process.ts';
import { compilePrograms, type Programs } from './programs.ts';

/** What every subject and every load finds there: cores, programs, the origin, and an exit proxy before it. */
export interface Site extends AsyncDisposable {
  readonly cores: Cores;
  readonly programs: Programs;
  readonly origin: NativeProcess & { readonly port: number };
  /** An HTTP CONNECT proxy with credentials, on the origin's core. */
  readonly exit: NativeProcess & { readonly port: number };
  /** For configurations and logs; anyone may write in it, since some peers give up root. */
  readonly folder: string;
  /** Files that one process may hold open: what each process here starts with. */
  readonly fileLimit: number;
  /** Frees this process, and what it starts meanwhile, of the load's core: for what is measured as a whole. */
  onAllCores<T>(act: () => Promise<T>): Promise<T>;
  /** A free port of loopback, kept from others until the site is gone. */
  reservePort(): Promise<number>;
}

/** Credentials of the clients at the proxies, and of the proxies at the exit. */
export const clientLogin = { username: 'bench', password: 'over-the-counter' };
export const exitLogin = { username: 'hop', password: 'two-of-two' };

/** `user:password` as Basic authentication sends it. */
export function basic({ username, password }: { readonly username: string; readonly password: string }): string {
  return Buffer.from(`${username}:${password}`).toString('base64');
}

/** Lays out the site. Errors: what this machine lacks, as a sentence. */
export async function openSite(cacheFolder: string): Promise<Result<Site, string>> {
  const allowed = await readAllowedCores();
  const cores = chooseCores(parseCoreList(allowed));
  if (cores === undefined) return err('This needs two processor cores: one for the proxy, one for load and origin.');
  const programs = await compilePrograms(cacheFolder);
  if (!programs.ok) return err(`gcc could not compile the load generator:\n${programs.error}`);
  await pinHarness(`${cores.load}`);

  await using parts = new AsyncDisposableStack();
  const folder = await mkdtemp(join(tmpdir(), 'marvel-bench-'));
  parts.defer(async () => rm(folder, { recursive: true, force: true }));
  await chmod(folder, 0o777);
  const { origin: originPath, relay } = programs.value;
  const origin = parts.use(await startListening(cores.origin, originPath, {}));
  const exit = parts.use(await startListening(cores.origin, relay, { exit: 'yes', auth: basic(exitLogin) }));
  const kept = parts.move();
  return ok({
    cores,
    programs: programs.value,
    origin,
    exit,
    folder,
    fileLimit: await readFileLimit(),
    async onAllCores(act) {
      await pinHarness(allowed);
      try {
        return await act();
      } finally {
        await pinHarness(`${cores.load}`);
      }
    },
    async reservePort() {
      return kept.use(await reservePorts(['proxy'])).ports.proxy;
    },
    [Symbol.asyncDispose]: async () => kept.disposeAsync(),
  });
}

/** Keeps every thread of this process, and what it starts from now on, on some cores. */
async function pinHarness(cores: string): Promise<void> {
  await promisify(execFile)('taskset', ['-acp', cores, `${process.pid}`]);
}

async function readAllowedCores(): Promise<string> {
  const status = await readFile('/proc/self/status', 'utf8');
  return /^Cpus_allowed_list:\s*(.*)$/m.exec(status)?.[1] ?? '';
}

/** The hard limit, since Node raises its own to it and what it starts inherits that. */
async function readFileLimit(): Promise<number> {
  const limits = await readFile('/proc/self/limits', 'utf8');
  return Number(/^Max open files\s+\S+\s+(\d+)/m.exec(limits)?.[1] ?? 1024);
}
