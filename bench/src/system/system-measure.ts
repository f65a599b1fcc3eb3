import type { Figure } from '../result.ts';
import type { Extent } from '../run-workload.ts';
import type { Site } from '../site.ts';

/** Something of the system as a whole that is measured by itself: it has targets, and no rivals. */
export interface SystemMeasure {
  /** What a person asks for on the command line. */
  readonly group: string;
  readonly what: string;
  /** Gives each figure with its samples. A signal ends it early, with what there is. */
  run(site: Site, extent: Extent, signal: AbortSignal, say: (line: string) => void): Promise<readonly Figure[]>;
}
