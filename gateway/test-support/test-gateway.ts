import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { makeProxyKey } from '@marvel/shared/key-format';
import type { Exit, Transport } from '@marvel/shared/exit';
import type { Limits } from '@marvel/shared/limits';
import { type GatewayConfig, readConfig } from '../src/config.ts';
import { type Gateway, startGateway } from '../src/gateway.ts';
import type { RefusalEvent, TunnelEvent } from '../src/observe/event.ts';
import { CountingMeter } from './counting-meter.ts';
import { FakeFleet, testPepper } from './fake-fleet.ts';
import { connectRequest, Wire, type WireAnswer } from './wire.ts';

export const account = 'acc_0001';
export const credential = 'key_0001';
/** Nothing is ever sent there: exits of the tests play it themselves. */
export const destination = 'example.com:443';

/** What a test sees of its gateway. */
interface TestParts {
  readonly gateway: Gateway;
  readonly fleet: FakeFleet;
  readonly meter: CountingMeter;
  /** A good key. */
  readonly key: string;
  readonly tunnels: TunnelEvent[];
  readonly refusals: RefusalEvent[];
  /** Everything else that was told, by name. */
  readonly notes: { readonly event: string; readonly details: object }[];
  /** Bugs that surfaced; empty in every test. */
  readonly faults: unknown[];
}

/** A gateway's data path on real sockets, over a state and a meter that the test holds in its hand. */
export class TestGateway implements TestParts, AsyncDisposable {
  readonly gateway: Gateway;
  readonly fleet: FakeFleet;
  readonly meter: CountingMeter;
  readonly key: string;
  readonly tunnels: TunnelEvent[];
  readonly refusals: RefusalEvent[];
  readonly notes: { readonly event: string; readonly details: object }[];
  readonly faults: unknown[];

  private constructor(parts: TestParts) {
    this.gateway = parts.gateway;
    this.fleet = parts.fleet;
    this.meter = parts.meter;
    this.key = parts.key;
    this.tunnels = parts.tunnels;
    this.refusals = parts.refusals;
    this.notes = parts.notes;
    this.faults = parts.faults;
  }

  /** `ofHost`: the addresses of the host, where they matter to a test. */
  static async start(
    settings: Readonly<Record<string, string>> = {},
    ofHost?: readonly string[],
  ): Promise<TestGateway> {
    const fleet = new FakeFleet();
    const meter = new CountingMeter();
    const tunnels: TunnelEvent[] = [];
    const refusals: RefusalEvent[] = [];
    const notes: { readonly event: string; readonly details: object }[] = [];
    const faults: unknown[] = [];
    const key = makeProxyKey('live', randomBytes);
    fleet.accounts.set(account, { id: account, status: 'active', balance_bytes: 1_000_000, threads: null });
    fleet.addKey(key, { id: credential, account, test: false, limits: {} });
    const log = {
      tunnelEnded: (event: TunnelEvent) => tunnels.push(event),
      refused: (event: RefusalEvent) => refusals.push(event),
      note: (_level: string, event: string, details: object) => notes.push({ event, details }),
      fault: (_event: string, error: unknown) => faults.push(error),
      flush: () => Promise.resolve(),
      flushNow: () => {},
    };
    const edge = {
      fleet,
      meter,
      feedAgeMs: () => 0,
      usageLoad: () => ({ pendingBatches: 0, unsealedBytes: 0 }),
      noteChange: () => {},
      start: () => Promise.resolve(),
      close: () => Promise.resolve(),
    };
    const gateway = await startGateway(
      testConfig(settings),
      log,
      () => Promise.resolve(edge),
      ofHost && (() => ofHost),
    );
    return new TestGateway({ gateway, fleet, meter, key, tunnels, refusals, notes, faults });
  }

  get address(): string {
    return this.gateway.addresses.marvel;
  }

  /** Sets what the key of the tests may do. */
  limit(limits: Limits): void {
    this.fleet.addKey(this.key, { id: credential, account, test: false, limits });
  }

  addExit(port: number, changes: Partial<Exit> = {}): Exit {
    const exit = exitRecord(`ext_${String(this.fleet.exitsById.size + 1).padStart(4, '0')}`, port, changes);
    this.fleet.exitsById.set(exit.id, exit);
    this.fleet.tell(exit);
    return exit;
  }

  /** Sends a request with the good key and gives the answer. */
  async connect(
    options: { target?: string; fields?: string; to?: string; key?: string } = {},
  ): Promise<{ wire: Wire; answer: WireAnswer }> {
    const wire = await Wire.open(this.address);
    wire.send(connectRequest(options.to ?? destination, { key: this.key, ...options }));
    return { wire, answer: await wire.answer() };
  }

  /** Opens a tunnel. Errors: rejects when it is refused. */
  async open(options: { target?: string; fields?: string } = {}): Promise<Wire> {
    const { wire, answer } = await this.connect(options);
    if (answer.status !== 200) throw new Error(`refused: ${answer.statusLine}`);
    return wire;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.gateway.close(AbortSignal.abort());
    if (this.faults.length > 0) throw new AggregateError(this.faults, 'a bug surfaced while a connection was served');
  }
}

export function exitRecord(id: string, port: number, changes: Partial<Exit> = {}): Exit {
  const transport: Transport = { type: 'agent', host: '127.0.0.1', port, tls: false, token: `token of ${id}` };
  return {
    kind: 'exit',
    id,
    network: 'residential',
    country: 'US',
    state: null,
    city: null,
    asn: 64_500,
    exit_ip: '198.51.100.7',
    transport,
    purity: 95,
    grade: 'S',
    seals: [],
    weight: 1,
    expires_at: '2099-01-01T00:00:00.000Z',
    ...changes,
  };
}

function testConfig(settings: Readonly<Record<string, string>>): GatewayConfig {
  const jwk = generateKeyPairSync('ed25519').privateKey.export({ format: 'jwk' });
  const config = readConfig({
    MARVEL_EDGE_URL: 'http://127.0.0.1:9',
    MARVEL_GATEWAY_ID: 'gtw_0001',
    MARVEL_GATEWAY_TOKEN: 'gw_test',
    MARVEL_GATEWAY_SIGNING_KEY: JSON.stringify(jwk),
    MARVEL_FLEET: 'test',
    MARVEL_CREDENTIAL_PEPPER: testPepper,
    MARVEL_EDGE_KEYS: JSON.stringify([{ ...jwk, kid: 'feed' }]),
    MARVEL_SOCKETS: process.env['MARVEL_TEST_SOCKETS'] ?? 'native',
    MARVEL_LISTEN: '127.0.0.1:0',
    MARVEL_LISTEN_TLS: '127.0.0.1:0',
    // All tests come from one address, and many are refused on purpose.
    MARVEL_BAN_REFUSALS: '0',
    MARVEL_LISTEN_SOCKS5: '127.0.0.1:0',
    MARVEL_LISTEN_PROXIES_FO_RESIDENTIAL: 'off',
    MARVEL_LISTEN_PROXIES_FO_ISP: 'off',
    MARVEL_LISTEN_PROXIES_FO_DATACENTER: 'off',
    MARVEL_LISTEN_PROXYMESH: 'off',
    MARVEL_LISTEN_ADMIN: '127.0.0.1:0',
    ...settings,
  });
  if (!config.ok) throw new Error(config.error.join('\n'));
  return config.value;
}
