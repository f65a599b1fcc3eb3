import type { DestinationRefusal, HostClass } from '@marvel/shared/destination';
import type { RefusalCode } from './answer.ts';
import type { RelayOutcome } from './relay.ts';

/** What can be told of a request without saying where it went. */
interface RequestFacts {
  /** The exit's listener, `host:port`. */
  readonly listen: string;
  /** The gateway's request id, if it sent one. */
  readonly request_id?: string | undefined;
  readonly host_class?: HostClass | undefined;
  /** Only when the operator asks for hosts in events. */
  readonly host?: string | undefined;
}

/** One thing that happened: a JSON line. Never a token, never a destination unless asked for. */
export type AgentEvent =
  | {
      readonly event: 'listening';
      readonly exits: readonly { readonly listen: string; readonly exit_ip: string | null }[];
    }
  | (RequestFacts & {
      readonly event: 'refused';
      readonly code: RefusalCode;
      /** Why policy refused it. */
      readonly refusal?: DestinationRefusal | undefined;
    })
  | (RequestFacts & {
      readonly event: 'tunnel';
      readonly outcome: RelayOutcome;
      readonly bytes_up: number;
      readonly bytes_down: number;
      readonly duration_ms: number;
    })
  | {
      /** A bug of ours. */
      readonly event: 'fault';
      readonly error: string;
      readonly frames: readonly string[];
    }
  | { readonly event: 'draining'; readonly connections: number }
  | { readonly event: 'stopped'; /** Connections that did not end by themselves. */ readonly cut: number };

/** Takes events; must not throw. */
export type EmitEvent = (event: AgentEvent) => void;
