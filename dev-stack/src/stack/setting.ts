import type { Certificate } from '../parts/certificate.ts';
import type { UnexpectedEnd } from '../parts/program.ts';
import type { PreparedRun } from '../prepared-run.ts';
import type { StackPorts } from '../stack-ports.ts';
import type { SecretStore } from '../state/secrets.ts';
import type { StateDirectory } from '../state/state-directory.ts';

/** What every step of starting a stack is given. */
export interface Setting {
  readonly directory: StateDirectory;
  readonly secrets: SecretStore;
  readonly ports: StackPorts;
  readonly certificate: Certificate;
  /** Where host names of clients are looked up; the Worker's own default where it is not set. */
  readonly nameService: string | undefined;
  /** `NODE_OPTIONS` of the exit agents. */
  readonly agentNodeOptions: string | undefined;
  /** What a throw-away stack begins with; undefined where it makes everything from nothing. */
  readonly prepared: PreparedRun | undefined;
  readonly say: (step: string) => void;
  readonly onUnexpectedEnd: (end: UnexpectedEnd) => void;
}

/** The one fleet of a local stack. */
export const fleetName = 'local';

/** Under which the gateways know the key that the edge signs with. */
export const feedKeyId = 'local-feed-1';
