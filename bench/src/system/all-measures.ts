import { gateways } from './gateways/gateways.ts';
import { revoke } from './revoke/revoke.ts';
import { settle } from './settle/settle.ts';
import { state } from './state/state.ts';
import type { SystemMeasure } from './system-measure.ts';

/** What is measured beside the workloads, in the order of the report. */
export const systemMeasures: readonly SystemMeasure[] = [state, settle, gateways, revoke];
