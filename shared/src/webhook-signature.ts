import { parseJson } from './parse-json.ts';
import { err, ok, type Result } from './result.ts';
import { WebhookEvent } from './api/webhook.ts';

/** How far the time in a signature may lie from the present, so that an old message cannot be sent again. */
export const webhookToleranceS = 300;

/** Far more than there are good secrets; more is not looked at. */
const maxSignatures = 8;
const headerPattern = /^t=(?<time>[0-9]{1,12})(?<rest>(?:,[a-z0-9]{1,8}=[^,=]{0,128})*)$/;

/** Why a webhook is not believed. */
export type WebhookFailure =
  | 'signature_missing'
  | 'signature_malformed'
  | 'signature_wrong'
  | 'too_old'
  | 'event_malformed';

/** What `Marvel-Signature` says of a body: `t=<unix>,v1=<hex hmac-sha256 of t.body>`, one `v1` for each secret that is good at the time. */
export async function signWebhook(body: string, secrets: readonly string[], timeS: number): Promise<string> {
  const signatures = await Promise.all(
    secrets.map(async (secret) =>
      toHex(await crypto.subtle.sign('HMAC', await importSecret(secret), signed(timeS, body))),
    ),
  );
  return [`t=${timeS}`, ...signatures.map((signature) => `v1=${signature}`)].join(',');
}

/**
 * Believes a webhook that an endpoint received: `body` is what came, byte for byte, and `nowS` the present in seconds
 * since 1970. Comparing takes the same time for every wrong signature.
 *
 * Errors: `WebhookFailure`; `event_malformed` for a signed body that is no event known here, as one of a later release.
 */
export async function verifyWebhook(given: {
  readonly body: string;
  /** `Marvel-Signature`. */
  readonly header: string | null | undefined;
  readonly secret: string;
  readonly nowS: number;
  /** Default `webhookToleranceS`. */
  readonly toleranceS?: number;
}): Promise<Result<WebhookEvent, WebhookFailure>> {
  const { body, header, secret, nowS, toleranceS = webhookToleranceS } = given;
  if (header === null || header === undefined || header === '') return err('signature_missing');
  const read = readHeader(header);
  if (read === undefined) return err('signature_malformed');
  const key = await importSecret(secret);
  let isSigned = false;
  for (const signature of read.signatures) {
    // `verify` compares in constant time, and every signature is looked at.
    if (await crypto.subtle.verify('HMAC', key, signature, signed(read.timeS, body))) isSigned = true;
  }
  if (!isSigned) return err('signature_wrong');
  if (Math.abs(nowS - read.timeS) > toleranceS) return err('too_old');
  const event = parseJson(new TextEncoder().encode(body), WebhookEvent);
  return event === undefined ? err('event_malformed') : ok(event);
}

function readHeader(
  header: string,
): { readonly timeS: number; readonly signatures: readonly Uint8Array<ArrayBuffer>[] } | undefined {
  const parts = headerPattern.exec(header)?.groups;
  if (parts === undefined) return undefined;
  const signatures = (parts['rest'] ?? '')
    .split(',')
    .filter((part) => /^v1=[0-9a-f]{64}$/.test(part))
    .slice(0, maxSignatures)
    .map((part) => fromHex(part.slice(3)));
  return signatures.length === 0 ? undefined : { timeS: Number(parts['time']), signatures };
}

function signed(timeS: number, body: string): Uint8Array<ArrayBuffer> {
  return new Uint8Array(new TextEncoder().encode(`${timeS}.${body}`));
}

async function importSecret(secret: string): ReturnType<typeof crypto.subtle.importKey> {
  return crypto.subtle.importKey('raw', new TextEncoder().encode(secret), { name: 'HMAC', hash: 'SHA-256' }, false, [
    'sign',
    'verify',
  ]);
}

function toHex(bytes: ArrayBuffer): string {
  return Array.from(new Uint8Array(bytes), (byte) => byte.toString(16).padStart(2, '0')).join('');
}

function fromHex(hex: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(hex.match(/../g) ?? [], (pair) => Number.parseInt(pair, 16));
}
