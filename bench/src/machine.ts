import { cpus, release } from 'node:os';
import type { BenchResult } from './result.ts';

/** What the figures were measured on. */
export function describeMachine(): BenchResult['machine'] {
  const processors = cpus();
  return {
    cpu: processors[0]?.model ?? 'unknown processor',
    cores: processors.length,
    kernel: release(),
    node: process.versions.node,
  };
}
