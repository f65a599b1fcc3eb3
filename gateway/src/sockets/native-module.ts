import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';

/**
 * What `native/sockets.c` exports. Each function gives what the system call gives, or `-errno`; what else there is to say is
 * in `reply` until the next call.
 */
export interface NativeModule {
  /** What was read last; also addresses as text. */
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** Pairs of descriptor and what epoll says of it. */
  readonly events: Int32Array;
  readonly reply: Int32Array;
  /** What `writeAll` writes: the bytes, and of each write the descriptor, where its bytes begin, and how many. */
  readonly out: Uint8Array<ArrayBuffer>;
  readonly writes: Int32Array;
  /** Has each batch of `events` told; once. */
  start(onEvents: (count: number) => void): void;
  /** Whether the process stays for the sake of these sockets. */
  hold(isHeld: boolean): void;
  /** `reply`: length of the address, port. */
  listen(host: string, port: number, backlog: number, reusePort: boolean): number;
  /** `reply`: length of the address. */
  accept(listener: number): number;
  connect(host: string, port: number): number;
  askForRoom(fd: number): number;
  read(fd: number): number;
  write(fd: number, bytes: Uint8Array): number;
  /** The results stand in place of the lengths. */
  writeAll(count: number): void;
  /** Latin-1, at most 16 KB at once. */
  writeText(fd: number, text: string): number;
  unread(fd: number): number;
  /** `reply`: pipe or -1, bytes in it, what was found, bytes taken, errno of a side that failed. */
  splice(source: number, sink: number, allowed: number, pipe: number, piped: number): number;
  dropPipe(pipe: number): void;
  /** Closes the pipes that nobody uses. */
  tidy(): void;
  shutdown(fd: number): number;
  close(fd: number): number;
  failure(fd: number): number;
  keepAlive(fd: number, seconds: number): number;
}

const folder = join(import.meta.dirname, '../../native');
export const nativeSource = join(folder, 'sockets.c');

/** Where the module is when it has been compiled: named after its source, so that one of another version is never loaded. */
export function nativeModulePath(): string {
  const digest = createHash('sha256').update(readFileSync(nativeSource)).digest('hex').slice(0, 12);
  return join(folder, `build/sockets-${process.platform}-${process.arch}-${digest}.node`);
}

/** Loads the compiled module. Errors: throws when there is none, or it does not fit this machine. */
export function loadNativeModule(): NativeModule {
  const path = nativeModulePath();
  if (!existsSync(path))
    throw new Error('not compiled here; `node gateway/native/compile.ts` does that, or says why not');
  const loaded: unknown = createRequire(import.meta.url)(path);
  if (!isNativeModule(loaded)) throw new TypeError('the native module lacks a part');
  return loaded;
}

const functions: readonly (keyof NativeModule)[] = [
  'start',
  'hold',
  'listen',
  'accept',
  'connect',
  'askForRoom',
  'read',
  'write',
  'writeAll',
  'writeText',
  'unread',
  'splice',
  'dropPipe',
  'tidy',
  'shutdown',
  'close',
  'failure',
  'keepAlive',
];

function isNativeModule(loaded: unknown): loaded is NativeModule {
  if (typeof loaded !== 'object' || loaded === null) return false;
  const part = (name: string): unknown => Reflect.get(loaded, name);
  return (
    functions.every((name) => typeof part(name) === 'function') &&
    part('bytes') instanceof Uint8Array &&
    part('out') instanceof Uint8Array &&
    part('writes') instanceof Int32Array &&
    part('events') instanceof Int32Array &&
    part('reply') instanceof Int32Array
  );
}
