import { randomUUID } from 'node:crypto';
import type { Socket } from 'node:net';
import type { Failure, FailureCode } from '@marvel/shared/failures';
import { err, type Result } from '@marvel/shared/result';
import { clientAddress } from './accept/client-address.ts';
import type { Admission, ExitChosen, Principal } from './admission.ts';
import { admit, admitSignIn, type Verdict, type World } from './admit/admit.ts';
import type { ExitChooser } from './admit/exit-chooser.ts';
import { type Circumstances, identify } from './admit/identify.ts';
import type { Observer } from './observe/observer.ts';
import type { Conversation, Door, Heard, Offer, WireBytes } from './offer.ts';
import type { UsageMeter } from './spender.ts';
import { Dial, type DialTimes } from './tunnel/dial.ts';
import type { DialMeans, OpenedExit } from './tunnel/dial-attempt.ts';
import type { DialFault } from './tunnel/dial-fault.ts';
import { Leg, type LegReceiver } from './tunnel/leg.ts';
import { linger } from './tunnel/linger.ts';
import type { InstallReading } from './tunnel/node-internals.ts';
import { Tunnel } from './tunnel/tunnel.ts';
import type { TunnelTable } from './tunnel/tunnel-table.ts';

/** What all connections of a gateway share. */
export interface ConnectionParts extends DialMeans {
  readonly world: World;
  readonly chooser: ExitChooser;
  readonly meter: UsageMeter;
  readonly tunnels: TunnelTable;
  readonly observer: Observer;
  readonly installReading: InstallReading | undefined;
  readonly times: DialTimes & { readonly headTimeoutMs: number; readonly lingerTimeoutMs: number };
  /** The connections on which nothing is asked yet, or that may try again after a 407. */
  readonly waiting: Set<Connection>;
}

/** What goes with a refusal. */
interface RefusalNotes {
  /** Who it was, once that is known. */
  readonly principal?: Principal | undefined;
  readonly requestId?: string;
  /** The connection is in a state in which another request can follow. */
  readonly mayRetry?: boolean;
  /** What the protocol itself has said already; otherwise the dialect says it. */
  readonly reply?: WireBytes;
}

type OpenedWay = OpenedExit & { readonly choice: ExitChosen };

/** Bytes a client may send ahead while its exit is dialled; more waits in the kernel. */
const maxEarlyBytes = 65_536;
/** Refusals that a client leaves unread before its connection is closed, bytes. */
const maxUnreadBytes = 65_536;
const faultCodes: Readonly<Record<DialFault, FailureCode>> = {
  exit: 'gateway_error',
  timeout: 'gateway_error',
  destination: 'gateway_error',
  forbidden: 'destination_forbidden',
  overloaded: 'overloaded',
  // Nobody is left to read it.
  abandoned: 'gateway_error',
};
const noExits: ReadonlySet<string> = new Set();
const nothing = Buffer.alloc(0);

/**
 * One client's connection until it is refused or its tunnel ends: offer, admit, dial, answer, relay, record. The one parent
 * of every branch: whatever fails on the way ends here, as an answer to the client and an event.
 */
export class Connection implements LegReceiver {
  readonly #parts: ConnectionParts;
  readonly #door: Door;
  readonly #said: Conversation;
  readonly #leg: Leg;
  readonly #clientIp: string;
  readonly #headTimer: NodeJS.Timeout;
  #stage: 'offer' | 'dial' | 'over' = 'offer';
  /** What the client sent behind its offer. */
  #early: Buffer = nothing;
  #dial: Dial<ExitChosen> | undefined;
  /** It was told to show who it is, having shown nothing. */
  #isChallenged = false;

  constructor(socket: Socket, door: Door, parts: ConnectionParts) {
    this.#parts = parts;
    this.#door = door;
    this.#said = door.open();
    this.#clientIp = clientAddress(socket);
    this.#leg = Leg.ofAccepted(socket, this, parts.buffers, parts.installReading);
    this.#headTimer = setTimeout(onHeadTimeout, parts.times.headTimeoutMs, this);
  }

  /** Waits for what the client wants. */
  begin(): void {
    this.#parts.waiting.add(this);
    this.#leg.resume();
  }

  /** Closes the connection if nothing is asked on it: the gateway is stopping. */
  closeIfIdle(): void {
    if (this.#stage === 'offer' && !this.#said.reader.isInside) this.#leg.socket.destroy();
  }

  onBytes(bytes: Buffer): boolean {
    if (this.#stage === 'dial') return this.#keepEarly(bytes);
    let next: Buffer | undefined = bytes;
    // A client may send its next message before it has the answer to this one.
    while (this.#stage === 'offer' && next !== undefined) next = this.#hear(this.#said.reader.push(next));
    return true;
  }

  onEnd(): void {
    if (this.#stage === 'offer' && this.#said.reader.isInside) this.#refuse({ code: 'bad_request' });
    else this.#leg.socket.end();
    this.#abandon();
  }

  onClose(): void {
    this.#abandon();
  }

  onHeadTimeout(): void {
    if (this.#said.reader.isInside) this.#refuse({ code: 'bad_request' });
    else this.#leg.socket.destroy();
  }

  /** Deals with what was heard; gives the bytes to be read next, `undefined` to wait for more of them. */
  #hear(heard: Heard): Buffer | undefined {
    switch (heard.kind) {
      case 'more':
        return undefined;
      case 'reply':
        this.#leg.socket.write(heard.reply, 'latin1');
        return nothing;
      case 'sign-in': {
        const refusal = admitSignIn(heard.signIn, this.#parts.world, this.#circumstances());
        if (refusal === undefined) this.#leg.socket.write(heard.welcome, 'latin1');
        else this.#refuse(refusal.failure, refusal);
        return nothing;
      }
      case 'offer':
        return this.#consider(heard);
      case 'rejected':
        this.#refuse({ code: heard.code }, { reply: heard.reply });
        return undefined;
      case 'unreadable':
        this.#refuse({ code: 'bad_request' });
        return undefined;
    }
  }

  #consider({ offer, mayRetry, rest }: Extract<Heard, { kind: 'offer' }>): Buffer | undefined {
    const { world } = this.#parts;
    const verdict = admit(offer, world, this.#circumstances());
    const isKnown = verdict.kind !== 'refused' || verdict.principal !== undefined;
    // A client that waits for the challenge each time is none that guesses.
    if (isKnown && this.#isChallenged) world.bans.forgive(this.#clientIp);
    this.#isChallenged = !isKnown && (offer.credential.kind === 'none' || offer.credential.kind === 'source');
    if (verdict.kind === 'refused') {
      this.#refuse(verdict.failure, { principal: verdict.principal, mayRetry });
      return rest;
    }
    this.#enter('dial');
    this.#early = rest;
    this.#serve(offer, verdict).catch((error: unknown) => {
      this.#parts.observer.faulted(error);
      this.#refuse({ code: 'internal' });
    });
    return undefined;
  }

  async #serve(offer: Offer, verdict: Verdict): Promise<void> {
    const startedAtMs = performance.now();
    const decided = verdict.kind === 'unknown' ? await this.#decide(offer, verdict.admission) : verdict;
    if (decided.kind === 'refused') {
      this.#refuse(decided.failure, decided);
      return;
    }
    if (this.#stage === 'over') return;
    const { admission } = decided;
    const { tunnels } = this.#parts;
    // Counted from here on, so that many at once cannot pass a limit together.
    tunnels.enter(admission.principal);
    let isRelaying = false;
    try {
      const requestId = randomUUID();
      const opened = await this.#open(admission, requestId);
      if (!opened.ok) {
        this.#refuse({ code: opened.error }, { principal: admission.principal, requestId });
      } else if (this.#isStillWanted(offer)) {
        isRelaying = true;
        this.#relay(admission, opened.value, { requestId, setupMs: performance.now() - startedAtMs });
      } else {
        opened.value.leg.socket.destroy();
        this.#refuse({ code: 'unauthenticated' });
      }
    } finally {
      if (!isRelaying) tunnels.leave(admission.principal);
    }
  }

  /** Waits until the edge has said what is left of the budgets, and judges anew: the world has moved on meanwhile. */
  async #decide(offer: Offer, { principal }: Admission): Promise<Exclude<Verdict, { kind: 'unknown' }>> {
    const standing = await this.#parts.meter.whenKnown(principal.budgets);
    const verdict = admit(offer, { ...this.#parts.world, standing: () => standing }, this.#circumstances());
    return verdict.kind === 'unknown' ? { kind: 'refused', failure: { code: 'stale_state' }, principal } : verdict;
  }

  /** Chooses an exit and has it open the way. */
  async #open({ principal, wish, destination }: Admission, requestId: string): Promise<Result<OpenedWay, FailureCode>> {
    const { chooser, meter, observer, times } = this.#parts;
    const first = chooser.choose(principal.account, wish, noExits, Date.now());
    if (!first.ok) return first;
    this.#dial = new Dial(
      {
        first: first.value,
        hasOthers: wish.session === undefined,
        next: (failed) => chooser.chooseAnother(principal.account, wish, failed, Date.now()),
        report: (exit, succeeded, latencyMs) => {
          meter.recordDial(exit.id, succeeded, latencyMs);
          observer.dialled(succeeded);
        },
      },
      { ...destination, requestId },
      times,
      this.#parts,
    );
    const opened = await this.#dial.run();
    return opened.ok ? opened : err(faultCodes[opened.error]);
  }

  /** Whether the client is still there, and its credential was not ended while the exit was dialled. */
  #isStillWanted(offer: Offer): boolean {
    const { fleet, digests } = this.#parts.world;
    return this.#stage === 'dial' && identify(offer.credential, fleet, digests, this.#circumstances()) !== undefined;
  }

  #relay(
    { principal, destination }: Admission,
    { leg, glued, choice }: OpenedWay,
    { requestId, setupMs }: { readonly requestId: string; readonly setupMs: number },
  ): void {
    const { tunnels, observer, meter } = this.#parts;
    const { dialect } = this.#door;
    const { account, credential, budgets } = principal;
    const { exit, pin } = choice;
    const clientIp = this.#clientIp;
    const openedAtMs = performance.now();
    const tunnel = new Tunnel(principal, this.#leg, leg, ({ reason, bytesUp, bytesDown }) => {
      const durationMs = performance.now() - openedAtMs;
      tunnels.close(tunnel);
      tunnels.leave(principal);
      observer.tunnelEnded({
        requestId,
        dialect,
        clientIp,
        account,
        credential,
        destination,
        exit: exit.id,
        country: exit.country,
        bytesUp,
        bytesDown,
        setupMs,
        durationMs,
        end: reason,
      });
    });
    const { id, country, network } = exit;
    const spender = meter.openSpender({ account, credential, budgets, exit: id, country, network, dialect }, tunnel);
    this.#enter('over');
    this.#leg.socket.write(this.#said.answers.established(requestId, exit, pin), 'latin1');
    tunnels.open(tunnel);
    observer.tunnelOpened(setupMs);
    tunnel.start(spender, this.#early, glued);
    this.#early = nothing;
  }

  #refuse(failure: Failure, notes: RefusalNotes = {}): void {
    if (this.#stage === 'over') return;
    const { observer, meter, times } = this.#parts;
    const { dialect } = this.#door;
    const { principal, requestId = randomUUID(), mayRetry = false, reply } = notes;
    const refusal = this.#said.answers.refused(failure, requestId, mayRetry);
    const who = { account: principal?.account, credential: principal?.credential };
    observer.refused({ requestId, dialect, clientIp: this.#clientIp, code: failure.code, ...who });
    if (principal !== undefined) meter.recordRefusal({ ...principal, dialect }, failure.code);
    // Who is known may still have its user name wrong in what it asks; that is no guess.
    if (failure.code === 'unauthenticated' && principal === undefined) this.#noteForBan();
    if (refusal.keepOpen && this.#leg.socket.writableLength < maxUnreadBytes) {
      this.#leg.socket.write(refusal.bytes, 'latin1');
      this.#headTimer.refresh();
      return;
    }
    this.#enter('over');
    linger(this.#leg, reply ?? refusal.bytes, times.lingerTimeoutMs);
  }

  #noteForBan(): void {
    const { world, observer } = this.#parts;
    if (world.bans.note(this.#clientIp)) observer.banned(this.#clientIp);
  }

  /** The client has gone: what was begun for it ends. */
  #abandon(): void {
    if (this.#stage === 'dial') this.#parts.observer.abandoned(this.#door.dialect);
    this.#enter('over');
    this.#dial?.abandon();
  }

  #enter(stage: 'dial' | 'over'): void {
    this.#stage = stage;
    clearTimeout(this.#headTimer);
    this.#parts.waiting.delete(this);
  }

  #keepEarly(bytes: Buffer): boolean {
    this.#early = Buffer.concat([this.#early, bytes]);
    return this.#early.length < maxEarlyBytes;
  }

  #circumstances(): Circumstances {
    return { clientIp: this.#clientIp, nowMs: Date.now() };
  }
}

function onHeadTimeout(connection: Connection): void {
  connection.onHeadTimeout();
}
