import type { Socket } from 'node:net';
import { classifyHost, type DestinationRefusal } from '@marvel/shared/destination';
import type { DestinationPolicy } from '@marvel/shared/feed';
import { err, ok, type Result } from '@marvel/shared/result';
import { established, type RefusalCode, refusalAnswer } from './answer.ts';
import { type Authority, parseAuthority } from './authority.ts';
import type { ConnectHead } from './connect-head.ts';
import { dial } from './dial.ts';
import type { EmitEvent } from './event.ts';
import { OriginReader } from './origin-reader.ts';
import { readHead, type ReadHead } from './read-head.ts';
import { destroyLate, relay } from './relay.ts';
import type { BoundedLookup } from './resolve-host.ts';
import { carriesToken } from './token.ts';
import { vetDestination, type VettingFailure } from './vet-destination.ts';

/** One exit as its connections see it. */
export interface ServedExit {
  /** `host:port` of its listener. */
  readonly listen: string;
  readonly tokenDigest: Buffer;
  /** The address its tunnels leave from; absent when the system may choose. */
  readonly exitIp: string | undefined;
}

/** What serving a connection needs of the agent. */
export interface Serving {
  readonly policy: DestinationPolicy;
  readonly lookup: BoundedLookup;
  readonly headTimeoutMs: number;
  /** Look-up and dial together, ms. */
  readonly dialTimeoutMs: number;
  readonly idleTimeoutMs: number;
  readonly logHosts: boolean;
  readonly emit: EmitEvent;
  /** Why nothing more is served now, if so. */
  readonly shedding: () => 'overloaded' | 'draining' | undefined;
  /** Knows a dialled socket from the start, so that it can be cut. */
  readonly own: (socket: Socket) => void;
}

/** How long one of several addresses may take to answer, ms. */
const perAddressMs = 3000;
/** How long a client may take to read a last answer and close, ms. */
const lingerMs = 2000;

/** What is known of a request so far; grows as it is read. */
interface Request {
  head?: ConnectHead;
  authority?: Authority;
}

/** Why a request gets no tunnel. */
interface Refusal {
  readonly code: RefusalCode;
  readonly refusal?: DestinationRefusal;
}

/** Serves one accepted connection from its head to the end of its tunnel. `client` is `allowHalfOpen` and has an error listener. */
export async function serveConnection(client: Socket, exit: ServedExit, serving: Serving): Promise<void> {
  const startedAtMs = performance.now();
  const request: Request = {};
  const facts = () => ({
    listen: exit.listen,
    request_id: request.head?.requestId,
    host_class: request.authority && classifyHost(request.authority.host),
    host: serving.logHosts ? request.authority?.host : undefined,
  });

  const read = await readHead(client, serving.headTimeoutMs);
  if (read === 'gone') return void client.destroy();
  const reader = new OriginReader();
  const opened = await openOrigin(read, request, exit, serving, reader);
  if (!opened.ok) {
    serving.emit({ event: 'refused', ...opened.error, ...facts() });
    client.end(refusalAnswer(opened.error.code));
    client.resume();
    return destroyLate(client, lingerMs);
  }
  const { origin, head, rest } = opened.value;
  if (client.destroyed) return void origin.destroy();

  client.write(established);
  if (rest.length > 0) origin.write(rest);
  relay({ client, origin, reader }, { idleTimeoutMs: serving.idleTimeoutMs, lingerMs }, (outcome) => {
    serving.emit({
      event: 'tunnel',
      outcome,
      bytes_up: client.bytesRead - head.byteLength,
      bytes_down: origin.bytesRead,
      duration_ms: Math.round(performance.now() - startedAtMs),
      ...facts(),
    });
  });
}

/** Everything between a head and its tunnel, in the order of refusals: head, token, target, load, destination, dial. */
async function openOrigin(
  read: ReadHead | 'malformed',
  request: Request,
  exit: ServedExit,
  serving: Serving,
  reader: OriginReader,
): Promise<Result<ReadHead & { readonly origin: Socket }, Refusal>> {
  if (read === 'malformed') return err({ code: 'bad_request' });
  request.head = read.head;
  if (!carriesToken(read.head.authorization, exit.tokenDigest)) return err({ code: 'unauthenticated' });
  const authority = parseAuthority(read.head.authority);
  if (authority === undefined) return err({ code: 'bad_request' });
  request.authority = authority;
  const shed = serving.shedding();
  if (shed !== undefined) return err({ code: shed });

  const deadlineMs = performance.now() + serving.dialTimeoutMs;
  const vetted = await vetDestination(authority, serving.policy, serving.lookup, serving.dialTimeoutMs);
  if (!vetted.ok) return err(refusalOf(vetted.error));
  const limits = { localAddress: exit.exitIp, totalMs: deadlineMs - performance.now(), perAddressMs };
  const dialled = await dial(vetted.value, authority.port, limits, { onSocket: serving.own, onread: reader.onread });
  if (!dialled.ok) return err({ code: dialled.error === 'exhausted' ? 'overloaded' : 'gateway_error' });
  return ok({ ...read, origin: dialled.value });
}

function refusalOf(failure: VettingFailure): Refusal {
  switch (failure.kind) {
    case 'forbidden':
      return { code: 'destination_forbidden', refusal: failure.refusal };
    case 'unresolved':
      return { code: 'gateway_error' };
    case 'busy':
      return { code: 'overloaded' };
  }
}
