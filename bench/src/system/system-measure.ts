import type { Extent } from '../run-workload.ts';
import type { Site } from '../site.ts';
import type { Figures } from './figures.ts';

/** Something of the system as a whole that is measured by itself: it has targets, and no rivals. */
export interface SystemMeasure {
  /** What a person asks for on the command line. */
  readonly group: string;
  readonly what: string;
  /** Adds its samples as they come, so that what was measured before a failure is kept. A signal ends it early. */
  run(figures: Figures, site: Site, extent: Extent, signal: AbortSignal, say: (line: string) => void): Promise<void>;
}
