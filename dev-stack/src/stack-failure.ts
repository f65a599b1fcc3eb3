import { describeProgramFailure, type ProgramFailure } from './parts/program.ts';
import { describePortProblem } from './ports.ts';
import { describePostgresFailure, type PostgresFailure } from './postgres.ts';
import { describeApiFailure, type ApiFailure } from './provision/api.ts';
import type { BusyPorts } from './stack-ports.ts';
import type { UnreadableSecrets } from './state/secrets.ts';

/** Why a stack did not start. What had been started is stopped again. */
export type StackFailure =
  | BusyPorts
  | UnreadableSecrets
  | { readonly code: 'postgres'; readonly failure: PostgresFailure }
  | { readonly code: 'migration'; readonly output: string }
  | ProgramFailure
  | ApiFailure
  /** A gateway did not come to serve the newest key; `status` is its last answer. */
  | { readonly code: 'gateway_ignorant'; readonly gateway: string; readonly status: number | undefined };

/** One or more paragraphs for a person: what is wrong and what to do. */
export function describeStackFailure(failure: StackFailure): string {
  switch (failure.code) {
    case 'ports':
      return failure.problems.map((problem) => describePortProblem(problem)).join('\n');
    case 'secrets_unreadable':
      return `${failure.file} cannot be read as the secrets of a local stack. Remove the directory that it is in to start afresh.`;
    case 'postgres':
      return describePostgresFailure(failure.failure);
    case 'migration':
      return `The database could not be brought to the newest state. ${failure.output}`;
    case 'unexpected_answer':
      return describeApiFailure(failure);
    case 'gateway_ignorant':
      return `${failure.gateway} does not get a new key through to the echo origin; its last answer was ${failure.status ?? 'none'}.`;
    case 'part_ended':
    case 'part_not_ready':
    case 'interrupted':
      return describeProgramFailure(failure);
  }
}
