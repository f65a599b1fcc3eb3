import type { Failure } from '@marvel/shared/failures';
import { err, ok, type Result } from '@marvel/shared/result';
import { toBase64Url } from '@marvel/shared/credential-digest';
import type { StoredAnswer } from '../store/answer.ts';

/** How long a client may repeat a request and get the first answer. */
export const answerTtlMs = 24 * 60 * 60 * 1000;

const keyPattern = /^[\x21-\x7e]{1,255}$/;
const ivBytes = 12;

/** One request that must take effect once, however often it is sent. */
export interface Once {
  readonly id: string;
  /** A value that is the same for every repeat of the request and that nobody can guess: for the ids of other systems. */
  readonly token: string;
  /** Makes what to store beside the effect, in the same transaction. */
  seal(answer: unknown): Promise<StoredAnswer>;
  /** Reads a stored answer back. Errors: `conflict` when it belongs to another body. */
  open(stored: Pick<StoredAnswer, 'bodyDigest' | 'sealed'>): Promise<Result<unknown, Failure>>;
}

/**
 * Reads `Idempotency-Key`. `scope` says whose key it is and of which route; `body` is what must not change.
 *
 * The answer may hold a secret that is shown once, so it is sealed under a key made from the idempotency key and the
 * pepper: neither the database nor the pepper opens it, only the client's own repeat does.
 * Errors: `invalid` for a key that is not 1 to 255 visible ASCII characters.
 */
export async function openOnce(
  header: string | null,
  pepper: string,
  scope: string,
  body: Uint8Array,
  nowMs: number,
): Promise<Result<Once | undefined, Failure>> {
  if (header === null) return ok(undefined);
  if (!keyPattern.test(header)) {
    return err({ code: 'invalid', message: 'Idempotency-Key: must be 1 to 255 visible ASCII characters' });
  }
  const root = await hmac(encode(pepper), `idempotency\n${scope}\n${header}`);
  const [id, bodyKey, sealKey, token] = await Promise.all([
    hmac(root, 'id'),
    hmac(root, 'body'),
    hmac(root, 'seal'),
    hmac(root, 'token'),
  ]);
  const bodyDigest = toBase64Url(await hmac(bodyKey, body));
  const cipher = await crypto.subtle.importKey('raw', sealKey, 'AES-GCM', false, ['encrypt', 'decrypt']);
  return ok({
    id: toBase64Url(id),
    token: toBase64Url(token),
    async seal(answer) {
      const iv = crypto.getRandomValues(new Uint8Array(ivBytes));
      const sealed = await crypto.subtle.encrypt(
        { name: 'AES-GCM', iv },
        cipher,
        encode(JSON.stringify(answer ?? null)),
      );
      return {
        id: toBase64Url(id),
        bodyDigest,
        sealed: `${toBase64Url(iv)}.${toBase64Url(new Uint8Array(sealed))}`,
        expiresAtMs: nowMs + answerTtlMs,
      };
    },
    async open(stored) {
      if (stored.bodyDigest !== bodyDigest) {
        return err({ code: 'conflict', message: 'Idempotency-Key was used with another body' });
      }
      const [iv = '', sealed = ''] = stored.sealed.split('.');
      const plain = await crypto.subtle.decrypt(
        { name: 'AES-GCM', iv: fromBase64Url(iv) },
        cipher,
        fromBase64Url(sealed),
      );
      const answer: unknown = JSON.parse(new TextDecoder().decode(plain));
      return ok(answer);
    },
  });
}

function encode(text: string): Uint8Array<ArrayBuffer> {
  return new Uint8Array(new TextEncoder().encode(text));
}

function fromBase64Url(text: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(atob(text.replaceAll('-', '+').replaceAll('_', '/')), (character) => character.charCodeAt(0));
}

async function hmac(key: Uint8Array<ArrayBuffer>, input: string | Uint8Array): Promise<Uint8Array<ArrayBuffer>> {
  const imported = await crypto.subtle.importKey('raw', key, { name: 'HMAC', hash: 'SHA-256' }, false, ['sign']);
  const bytes = typeof input === 'string' ? encode(input) : new Uint8Array(input);
  return new Uint8Array(await crypto.subtle.sign('HMAC', imported, bytes));
}
