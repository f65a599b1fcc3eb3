import type { FailureCode } from '@marvel/shared/failures';

/** What a request through the proxy passes, in the order in which it does. */
export const stepNames = ['name', 'tcp', 'credentials', 'target', 'budget', 'exit', 'destination'] as const;
export type StepName = (typeof stepNames)[number];

/** What became of a step. */
export interface Step {
  readonly step: StepName;
  /** `unknown`: the walk stopped before it could be seen. */
  readonly outcome: 'passed' | 'failed' | 'unknown';
  readonly detail?: string;
}

/** Why and where the walk stopped. */
export interface Stop {
  readonly step: StepName;
  readonly code: string;
  readonly reason: string;
  readonly fix: string;
}

const stops: Partial<Record<FailureCode, StepName>> = {
  unauthenticated: 'credentials',
  balance_exhausted: 'budget',
  cap_exhausted: 'budget',
  threads_exhausted: 'budget',
  destination_forbidden: 'destination',
  gateway_error: 'destination',
  bad_request: 'destination',
};

/** At which step a refusal of the gateway stops. */
export function stepOf(code: FailureCode): StepName {
  return stops[code] ?? (code.startsWith('target_') ? 'target' : 'exit');
}

/** The steps that a gateway is known to have let pass when it refuses so: it looks at the destination before the budget. */
export function passedBefore(code: FailureCode): readonly StepName[] {
  if (code === 'destination_forbidden') return ['name', 'tcp', 'credentials', 'target'];
  return stepNames.slice(0, stepNames.indexOf(stepOf(code)));
}
