import * as v from 'valibot';
import type { Result } from '@marvel/shared/result';
import { gatewayVersionPattern } from '@marvel/shared/signature';
import { logLevels } from './observe/logger.ts';
import { type Environment, readSettings } from './read-settings.ts';
import {
  Address,
  File,
  GatewayId,
  GatewayToken,
  integer,
  maxTimeoutMs,
  OptionalAddress,
  PrivateKey,
  PublicKeys,
  required,
} from './setting-schemas.ts';

const expectedVersion = 'letters, digits, . _ + -, at most 64, such as 1.4.0 or a commit';
const expectedUrl = 'an http or https URL';

/** Every setting of a gateway, as environment variables. Times in ms. Source: CONTRACT 3.10. */
export const GatewayConfig = v.object({
  /** Origin of the edge API. */
  MARVEL_EDGE_URL: v.pipe(required(expectedUrl), v.url(expectedUrl), v.regex(/^https?:/, expectedUrl)),
  /** Where people find the pages that explain refusals; for a gateway that reaches the edge by an address of its own. Default: of the edge. */
  MARVEL_DOCS_URL: v.optional(v.pipe(v.string(), v.url(expectedUrl), v.regex(/^https?:/, expectedUrl))),
  MARVEL_GATEWAY_ID: GatewayId,
  MARVEL_GATEWAY_TOKEN: GatewayToken,
  /** Signs the usage batches; its public half was given at enrolment. */
  MARVEL_GATEWAY_SIGNING_KEY: PrivateKey,
  /** The fleet whose feed is believed. */
  MARVEL_FLEET: required('the name of the fleet'),
  /** Key of the credential digests; the same at the edge. */
  MARVEL_CREDENTIAL_PEPPER: required('the pepper of the fleet'),
  /** What runs here, shown to operators beside the gateway: a release or a commit. Default: that of the package. */
  MARVEL_VERSION: v.optional(v.pipe(v.string(), v.trim(), v.regex(gatewayVersionPattern, expectedVersion))),
  /** The keys that feed pages and replies may be signed with. */
  MARVEL_EDGE_KEYS: PublicKeys,
  /** The Marvel dialect over HTTP. */
  MARVEL_LISTEN: v.optional(Address, '127.0.0.1:9000'),
  /** The Marvel dialect over TLS; open only when a certificate and a key are set. */
  MARVEL_LISTEN_TLS: v.optional(OptionalAddress, '127.0.0.1:9443'),
  /** Certificate, followed by its chain, and key: PEM files, read again whenever they change. */
  MARVEL_TLS_CERT: File,
  MARVEL_TLS_KEY: File,
  /** How often these files are looked at where the file system does not tell of their changes. */
  MARVEL_TLS_POLL_MS: integer(10, maxTimeoutMs, 10_000),
  /** SOCKS5 with user name and password; off for none. */
  MARVEL_LISTEN_SOCKS5: v.optional(OptionalAddress, '127.0.0.1:1080'),
  /** The proxies.fo dialect, a listener for each network; off for none. */
  MARVEL_LISTEN_PROXIES_FO_RESIDENTIAL: v.optional(OptionalAddress, '127.0.0.1:13337'),
  MARVEL_LISTEN_PROXIES_FO_ISP: v.optional(OptionalAddress, '127.0.0.1:13339'),
  MARVEL_LISTEN_PROXIES_FO_DATACENTER: v.optional(OptionalAddress, '127.0.0.1:13338'),
  /** The ProxyMesh dialect; off for none. */
  MARVEL_LISTEN_PROXYMESH: v.optional(OptionalAddress, '127.0.0.1:31280'),
  /** Whether other processes may listen on the same addresses, over which the kernel then spreads the connections. */
  MARVEL_REUSE_PORT: v.optional(v.picklist(['on', 'off'], 'on or off'), 'off'),
  /** Health and metrics; without credentials, so keep it private. */
  MARVEL_LISTEN_ADMIN: v.optional(Address, '127.0.0.1:9090'),
  /** Where state and unsent batches survive a restart; not kept when unset. */
  MARVEL_STATE_DIR: v.optional(v.pipe(v.string(), v.trim())),
  /** A PEM file of authorities that may vouch for exits with TLS, beside those that Node trusts (NODE_USE_SYSTEM_CA=1: and the system). */
  MARVEL_EXIT_CA: File,
  /** What connections are read and written by: sockets of our own where they were compiled and work (auto), only those (native), or Node's (node). */
  MARVEL_SOCKETS: v.optional(v.picklist(['auto', 'native', 'node'], 'auto, native or node'), 'auto'),
  MARVEL_LOG_LEVEL: v.optional(v.picklist(logLevels, `one of ${logLevels.join(', ')}`), 'info'),
  /** Tunnels open or being dialled; above it clients get 503. Each takes two file descriptors. */
  MARVEL_MAX_TUNNELS: integer(1, 1_000_000, 30_000),
  MARVEL_MAX_HEAD_BYTES: integer(1024, 65_536, 16_384),
  MARVEL_HEAD_TIMEOUT_MS: integer(1, maxTimeoutMs, 10_000),
  /** How long a connection on which a request was answered waits for the next. */
  MARVEL_NEXT_REQUEST_TIMEOUT_MS: integer(1, maxTimeoutMs, 60_000),
  MARVEL_DIAL_TIMEOUT_MS: integer(1, maxTimeoutMs, 15_000),
  MARVEL_IDLE_TIMEOUT_MS: integer(1, maxTimeoutMs, 600_000),
  MARVEL_KEEP_ALIVE_MS: integer(1000, maxTimeoutMs, 60_000),
  MARVEL_HALF_CLOSE_TIMEOUT_MS: integer(1, maxTimeoutMs, 30_000),
  /** How long a refused connection is read on after its answer. */
  MARVEL_LINGER_TIMEOUT_MS: integer(1, maxTimeoutMs, 2000),
  MARVEL_DRAIN_TIMEOUT_MS: integer(1, maxTimeoutMs, 30_000),
  /** Refusals of its credentials, within the window, after which an address is not listened to for a while; 0 for never. */
  MARVEL_BAN_REFUSALS: integer(0, 1000, 60),
  MARVEL_BAN_WINDOW_MS: integer(1, maxTimeoutMs, 60_000),
  MARVEL_BAN_MS: integer(1, maxTimeoutMs, 600_000),
  /** Without a page of the feed for so long, new requests get 503. */
  MARVEL_MAX_STALE_MS: integer(1000, maxTimeoutMs, 3_600_000),
});
export type GatewayConfig = v.InferOutput<typeof GatewayConfig>;

/** The hosts that the doors and the admin listener are set to listen on. */
export function listenHosts(config: GatewayConfig): readonly string[] {
  const listeners = [
    config.MARVEL_LISTEN,
    config.MARVEL_LISTEN_TLS,
    config.MARVEL_LISTEN_SOCKS5,
    config.MARVEL_LISTEN_PROXIES_FO_RESIDENTIAL,
    config.MARVEL_LISTEN_PROXIES_FO_ISP,
    config.MARVEL_LISTEN_PROXIES_FO_DATACENTER,
    config.MARVEL_LISTEN_PROXYMESH,
    config.MARVEL_LISTEN_ADMIN,
  ];
  return listeners.flatMap((listener) => listener?.host ?? []);
}

const tlsPaths = [['MARVEL_TLS_CERT'], ['MARVEL_TLS_KEY']] as const;

/** What has to hold between settings. */
const Settings = v.pipe(
  GatewayConfig,
  v.forward(
    v.partialCheck(
      tlsPaths,
      ({ MARVEL_TLS_CERT: cert, MARVEL_TLS_KEY: key }) => {
        return key === undefined || cert !== undefined;
      },
      'the certificate that MARVEL_TLS_KEY belongs to',
    ),
    ['MARVEL_TLS_CERT'],
  ),
  v.forward(
    v.partialCheck(
      tlsPaths,
      ({ MARVEL_TLS_CERT: cert, MARVEL_TLS_KEY: key }) => {
        return cert === undefined || key !== undefined;
      },
      'the key of MARVEL_TLS_CERT',
    ),
    ['MARVEL_TLS_KEY'],
  ),
);

/** Reads the settings. Errors: one line per setting that is wrong, which names it and what is expected, never its value. */
export function readConfig(environment: Environment): Result<GatewayConfig, readonly string[]> {
  return readSettings(Settings, environment);
}
