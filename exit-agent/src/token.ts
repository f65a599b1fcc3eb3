import { hash, timingSafeEqual } from 'node:crypto';

const bearer = /^Bearer +([!-~]{1,512})$/i;

/** SHA-256 of an exit's token: what the agent keeps of it. */
export function tokenDigest(token: string): Buffer {
  return hash('sha256', token, 'buffer');
}

/** Whether a Proxy-Authorization value carries the token with this digest; takes the same time wherever they differ. */
export function carriesToken(authorization: string | undefined, digest: Buffer): boolean {
  const token = bearer.exec(authorization ?? '')?.[1];
  return token !== undefined && timingSafeEqual(tokenDigest(token), digest);
}
