import type { Site } from '../site.ts';
import type { Topology, Workload } from '../workloads.ts';

/** How clients speak to a proxy to get a tunnel; `raw` is none at all: the first byte is the tunnel's. */
export type Speak = 'raw' | 'connect' | 'socks5';

/** Where the load generator knocks, and what it says. */
export interface Door {
  readonly port: number;
  readonly speak: Speak;
  /** Absent where the proxy asks for none. */
  readonly login?: { readonly username: string; readonly password: string };
}

/** A subject that runs, pinned to the proxy's core. */
export interface Running extends AsyncDisposable {
  /** Root of the process tree whose CPU and memory count; absent for `direct`, which has none. */
  readonly pid?: number;
  readonly door: Door;
  /** What it last said on its log, for a person who wonders why it failed. */
  log(): Promise<string>;
}

/** Something that is measured: a proxy, a reference of ours, or the direct connection. */
export interface Subject {
  readonly name: string;
  /** What a reader of the table has to know about it. */
  readonly note: string;
  /** Why it cannot run here, and how to get it; `undefined` when it can. */
  missing(): string | undefined;
  /** Which version runs; `undefined` for our own. */
  version(): string | undefined;
  runs(workload: Workload): boolean;
  /** Whether it compiles itself while it runs, and so has to run for a while before its samples count. */
  readonly isCompiledLate?: boolean;
  start(site: Site, topology: Topology): Promise<Running>;
}
