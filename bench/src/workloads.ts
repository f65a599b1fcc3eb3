/** How the load generator behaves. */
export type LoadMode = 'down' | 'up' | 'connect' | 'msg' | 'http' | 'idle' | 'slow';

/** Whether the proxy dials the origin itself, or asks an exit proxy with credentials to. */
export type Topology = 'one-hop' | 'two-hop';

/** One thing that every proxy is measured at. */
export interface Workload {
  /** Names a row of the report, and the target that judges it. */
  readonly name: string;
  /** What a person asks for on the command line. */
  readonly group: string;
  readonly what: string;
  readonly mode: LoadMode;
  readonly topology: Topology;
  /** Tunnels (or connections) open at once. */
  readonly tunnels: number;
  /** Whether the peers run it that are there for the whole picture alone, and compare with nobody's target. */
  readonly isForAll: boolean;
  /** How long what compiles itself while it runs is run before its samples count, seconds. */
  readonly compileSeconds: number;
  readonly cost: Cost;
}

/** The first figure of a workload, and what comes beside it. */
export interface Cost {
  /** CPU time of the proxy's process tree, or the growth of its resident set. */
  readonly kind: 'cpu' | 'memory';
  readonly unit: string;
  /** Seconds or kB per unit of work, times this, is the figure. */
  readonly scale: number;
  /** Wall-clock speed beside it: what, and units of work in one. */
  readonly rate?: { readonly unit: string; readonly per: number };
  /** What the latencies of the load generator are of. */
  readonly latency?: string;
}

const bulk: Cost = { kind: 'cpu', unit: 'CPU-s/GB', scale: 1e9, rate: { unit: 'GB/s', per: 1e9 } };
const connecting: Cost = {
  kind: 'cpu',
  unit: 'CPU-us/tunnel',
  scale: 1e6,
  rate: { unit: 'tunnels/s', per: 1 },
  latency: 'set-up',
};
const memory: Cost = { kind: 'memory', unit: 'kB/tunnel', scale: 1 };

/** Bulk data runs through few functions, and they are compiled soon. */
const fewFunctions = 4;
/**
 * Small work runs through nearly all of them, each once in a while: until then `connect` costs up to twice as much. Source: measured,
 * 12 rounds of 1.2 s after 4 s: 462 CPU-us falling to 275, and level after some 15 s.
 */
const allFunctions = 15;

const oneHop = 'one-hop';
const twoHop = 'two-hop';

/** The work of the benchmark, in the order of its report. */
export const workloads: readonly Workload[] = [
  {
    name: 'down-16',
    group: 'down',
    what: 'bulk data to 16 clients',
    mode: 'down',
    topology: oneHop,
    tunnels: 16,
    isForAll: true,
    compileSeconds: fewFunctions,
    cost: bulk,
  },
  {
    name: 'down-200',
    group: 'down',
    what: 'bulk data to 200 clients',
    mode: 'down',
    topology: oneHop,
    tunnels: 200,
    isForAll: false,
    compileSeconds: fewFunctions,
    cost: bulk,
  },
  {
    name: 'up-16',
    group: 'up',
    what: 'bulk data from 16 clients',
    mode: 'up',
    topology: oneHop,
    tunnels: 16,
    isForAll: false,
    compileSeconds: fewFunctions,
    cost: bulk,
  },
  {
    name: 'up-200',
    group: 'up',
    what: 'bulk data from 200 clients',
    mode: 'up',
    topology: oneHop,
    tunnels: 200,
    isForAll: false,
    compileSeconds: fewFunctions,
    cost: bulk,
  },
  {
    name: 'connect',
    group: 'connect',
    what: 'open a tunnel, 200 B up, 1 KiB down, close; 32 at a time',
    mode: 'connect',
    topology: oneHop,
    tunnels: 32,
    isForAll: true,
    compileSeconds: allFunctions,
    cost: connecting,
  },
  {
    name: 'msg',
    group: 'msg',
    what: '64 B there and back on 32 open tunnels',
    mode: 'msg',
    topology: oneHop,
    tunnels: 32,
    isForAll: false,
    compileSeconds: allFunctions,
    cost: {
      kind: 'cpu',
      unit: 'CPU-us/round trip',
      scale: 1e6,
      rate: { unit: 'round trips/s', per: 1 },
      latency: 'round trip',
    },
  },
  {
    name: 'http',
    group: 'http',
    what: 'absolute-form requests, 1 KiB answers, on 32 connections kept alive',
    mode: 'http',
    topology: oneHop,
    tunnels: 32,
    isForAll: true,
    compileSeconds: allFunctions,
    cost: {
      kind: 'cpu',
      unit: 'CPU-us/request',
      scale: 1e6,
      rate: { unit: 'requests/s', per: 1 },
      latency: 'request',
    },
  },
  {
    name: 'two-hop-down',
    group: 'two-hop',
    what: 'bulk data to 16 clients through an exit proxy with credentials',
    mode: 'down',
    topology: twoHop,
    tunnels: 16,
    isForAll: false,
    compileSeconds: fewFunctions,
    cost: bulk,
  },
  {
    name: 'two-hop-up',
    group: 'two-hop',
    what: 'bulk data from 16 clients through an exit proxy with credentials',
    mode: 'up',
    topology: twoHop,
    tunnels: 16,
    isForAll: false,
    compileSeconds: fewFunctions,
    cost: bulk,
  },
  {
    name: 'two-hop-connect',
    group: 'two-hop',
    what: 'as connect, through an exit proxy with credentials',
    mode: 'connect',
    topology: twoHop,
    tunnels: 32,
    isForAll: false,
    compileSeconds: allFunctions,
    cost: connecting,
  },
  {
    name: 'idle',
    group: 'idle',
    what: 'resident memory of 8,000 open tunnels that say nothing',
    mode: 'idle',
    topology: oneHop,
    tunnels: 8000,
    isForAll: false,
    compileSeconds: fewFunctions,
    cost: memory,
  },
  {
    name: 'slow',
    group: 'slow',
    what: 'resident memory of 1,000 tunnels whose clients stop reading a bulk transfer',
    mode: 'slow',
    topology: oneHop,
    tunnels: 1000,
    isForAll: false,
    compileSeconds: fewFunctions,
    cost: memory,
  },
];
