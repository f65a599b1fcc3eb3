import { state } from './state.ts';
import type { SystemMeasure } from './system-measure.ts';

/** What is measured beside the workloads, in the order of the report. */
export const systemMeasures: readonly SystemMeasure[] = [state];
