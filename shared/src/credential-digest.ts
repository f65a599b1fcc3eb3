/**
 * What is digested for a proxy key. Digests are HMAC-SHA-256 under the fleet's pepper, base64url without padding; they are
 * all that the database and the feed hold of a credential. Source: CONTRACT section 4.
 */
export function proxyKeyDigestInput(key: string): string {
  return `key\n${key}`;
}

/** What is digested for an API key. The text is older than that name, and stays: it is in every digest there is. */
export function apiKeyDigestInput(key: string): string {
  return `account-key\n${key}`;
}

/** What is digested for a sub-user's password, bound to the name so that equal passwords differ. */
export function subUserDigestInput(username: string, password: string): string {
  return `sub-user\n${username}\n${password}`;
}

/** What is digested for a bearer token (session, gateway, operator). */
export function tokenDigestInput(token: string): string {
  return `token\n${token}`;
}

/** HMAC-SHA-256 of `input` under `pepper`, base64url. The gateway has a synchronous twin over `node:crypto`. */
export async function credentialDigest(pepper: string, input: string): Promise<string> {
  const encoder = new TextEncoder();
  const key = await crypto.subtle.importKey('raw', encoder.encode(pepper), { name: 'HMAC', hash: 'SHA-256' }, false, [
    'sign',
  ]);
  const mac = new Uint8Array(await crypto.subtle.sign('HMAC', key, encoder.encode(input)));
  return toBase64Url(mac);
}

/** Bytes as base64url without padding. */
export function toBase64Url(bytes: Uint8Array): string {
  let binary = '';
  for (const byte of bytes) binary += String.fromCharCode(byte);
  return btoa(binary).replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '');
}
