import type { Result } from '@marvel/shared/result';
import { gatewayPortNames, startGateway, type GatewayPart } from '../parts/gateway.ts';
import { reservePorts } from '../ports.ts';
import type { Api } from '../provision/api.ts';
import { enrolGateway, type Enrolment } from '../provision/fleet.ts';
import type { StackFailure } from '../stack-failure.ts';
import { feedKeyId, fleetName, type Setting } from './setting.ts';

export interface GatewayFleetOptions {
  /** Over what the stack sets, for every gateway. */
  readonly settings: Readonly<Record<string, string>>;
  /** Of each gateway: so many, on the same addresses, each enrolled by itself. */
  readonly processes: number;
  readonly keepsState: boolean;
}

/** The gateways of a stack. Disposing of it stops them all, at once. */
export interface GatewayFleet extends AsyncDisposable {
  /** In the order in which they were added. */
  readonly gateways: readonly GatewayPart[];
  /**
   * Enrols and starts one more, and waits until it is ready. The first has the known ports, the others free ones.
   * Errors: `StackFailure`.
   */
  add(
    settings: Readonly<Record<string, string>>,
    signal: AbortSignal | undefined,
  ): Promise<Result<GatewayPart, StackFailure>>;
}

/** Opens a fleet with no gateway in it. */
export function openGatewayFleet(setting: Setting, api: Api, options: GatewayFleetOptions): GatewayFleet {
  const { directory, secrets, ports, say, onUnexpectedEnd } = setting;
  const places: (GatewayPart & AsyncDisposable)[] = [];
  const undo = new AsyncDisposableStack();
  let added = 0;

  async function start(
    settings: Readonly<Record<string, string>>,
    signal: AbortSignal | undefined,
  ): Promise<Result<GatewayPart, StackFailure>> {
    const place = added;
    added += 1;
    const name = `gateway-${place + 1}`;
    const first = await enrolGateway(api, secrets, name);
    if (!first.ok) return first;
    const enrolments: [Enrolment, ...Enrolment[]] = [first.value];
    for (let process = 2; process <= options.processes; process += 1) {
      const further = await enrolGateway(api, secrets, `${name}-${process}`);
      if (!further.ok) return further;
      enrolments.push(further.value);
    }
    const { d: _private, ...feedKey } = secrets.current.feed_signing_key;
    const started = await startGateway({
      name,
      ports: place === 0 ? ports : undo.use(await reservePorts(gatewayPortNames)).ports,
      certificate: setting.certificate,
      stateDir: directory.gatewayState(name),
      keepsState: options.keepsState,
      edgePort: ports.api,
      fleet: fleetName,
      enrolments,
      credentialPepper: secrets.current.credential_pepper,
      edgeKeys: [{ ...feedKey, kid: feedKeyId }],
      settings: { ...options.settings, ...settings },
      logFile: directory.logFile(name),
      onUnexpectedEnd,
      signal,
    });
    if (!started.ok) return started;
    places[place] = started.value;
    say(`${name} serves on ${started.value.marvel}`);
    return started;
  }

  return {
    get gateways() {
      return places.filter(() => true); // without the places of those that did not start
    },
    add: start,
    async [Symbol.asyncDispose]() {
      await Promise.all(places.map(async (gateway) => gateway[Symbol.asyncDispose]()));
      await undo.disposeAsync();
    },
  };
}
