import { isApiKey } from '@marvel/shared/key-format';
import { credentialDigest, subUserDigestInput } from '@marvel/shared/credential-digest';
import type { Failure } from '@marvel/shared/failures';
import { err, ok, type Result } from '@marvel/shared/result';
import { identifyApiKey } from '../../http/api-key-identity.ts';
import { checkPassword } from '../../http/check-password.ts';
import type { Endpoint } from '../../http/endpoint.ts';
import { guesser, isBanned, noteGuess } from '../../http/guess-guard.ts';
import type { AccountIdentity } from '../../http/identity.ts';
import type { Services } from '../../http/services.ts';
import { guardSignIn } from '../../http/sign-in-guard.ts';
import { findSubUserByName } from '../../store/sub-user.ts';

const door = 'proxymesh';
const unauthenticated: Failure = { code: 'unauthenticated' };
/** As long as an e-mail address and a password together, in base64. */
const maxCredentialLength = 2048;

/** What is shown in `Authorization: Basic`, as it stands there. Source: RFC 7617. */
export function basicCredential(headers: Headers): string | undefined {
  const match = /^Basic +([A-Za-z0-9+/_=-]+)$/i.exec(headers.get('Authorization') ?? '');
  const credential = match?.[1];
  return credential === undefined || credential.length > maxCredentialLength ? undefined : credential;
}

/**
 * Finds the account of Basic credentials: its e-mail address, with one of its API keys or its own password. A sub-user is
 * known, and may do nothing here. Wrong credentials count as guesses, and a banned address learns nothing, whatever it shows.
 * Passwords are tried under the limits of a sign-in: so often from one address, and so often for one name from anywhere.
 *
 * Errors: `unauthenticated`, `forbidden`, `unavailable`; `rate_limited` for too many tries with a password.
 */
export async function identifyBasic(
  endpoint: Endpoint,
  credential: string,
  { headers }: Request,
  services: Services,
): Promise<Result<AccountIdentity, Failure>> {
  if (await isBanned(door, headers, services)) return err(unauthenticated);
  const found = await findCaller(endpoint, credential, headers, services);
  if (!found.ok && found.error.code === 'unauthenticated') await noteGuess(guesser(door, headers), services);
  return found;
}

async function findCaller(
  endpoint: Endpoint,
  credential: string,
  headers: Headers,
  services: Services,
): Promise<Result<AccountIdentity, Failure>> {
  const basic = readBasic(credential);
  if (basic === undefined) return err(unauthenticated);
  const { username, password } = basic;
  if (isApiKey(password)) {
    const key = await identifyApiKey(endpoint, password, services);
    return !key.ok || key.value.email.toLowerCase() === username.toLowerCase() ? key : err(unauthenticated);
  }
  return username.includes('@') ? byPassword(basic, headers, services) : bySubUser(basic, headers, services);
}

async function byPassword(
  { username, password }: BasicCredentials,
  headers: Headers,
  services: Services,
): Promise<Result<AccountIdentity, Failure>> {
  const email = username.toLowerCase();
  const guarded = await guardSignIn(email, headers, services);
  if (!guarded.ok) return guarded;
  const account = await checkPassword({ email, password }, services);
  if (!account.ok) {
    if (account.error.code === 'unavailable') return account;
    await guarded.value.failed();
    return err(unauthenticated);
  }
  if (account.value.status === 'suspended') return err({ code: 'forbidden' });
  return ok({ accountId: account.value.id });
}

async function bySubUser(
  { username, password }: BasicCredentials,
  headers: Headers,
  services: Services,
): Promise<Result<AccountIdentity, Failure>> {
  const { db, env } = services;
  // No e-mail address: what is counted for the one is never counted for the other.
  const guarded = await guardSignIn(username.toLowerCase(), headers, services);
  if (!guarded.ok) return guarded;
  const found = await findSubUserByName(db, username);
  if (!found.ok && found.error.code !== 'not_found') return found;
  const digest = await credentialDigest(env.CREDENTIAL_PEPPER, subUserDigestInput(username, password));
  if (found.ok && digest === found.value.digest) return err({ code: 'forbidden' });
  await guarded.value.failed();
  return err(unauthenticated);
}

interface BasicCredentials {
  readonly username: string;
  readonly password: string;
}

function readBasic(credential: string): BasicCredentials | undefined {
  let text: string;
  try {
    const bytes = Uint8Array.from(atob(credential), (character) => character.charCodeAt(0));
    text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: false }).decode(bytes);
  } catch {
    return undefined;
  }
  const colon = text.indexOf(':');
  return colon === -1 ? undefined : { username: text.slice(0, colon), password: text.slice(colon + 1) };
}
