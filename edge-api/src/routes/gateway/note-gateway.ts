import { gatewayAgent, gatewayKeysHeader, gatewayVersionPattern } from '@marvel/shared/signature';
import type { Services } from '../../http/services.ts';
import { noteGateway as noteStoredGateway } from '../../store/gateway.ts';

const keysPattern = /^[A-Za-z0-9_.-]{1,64}(?:,[A-Za-z0-9_.-]{1,64}){0,7}$/;
/** Far more than a fleet has; beyond it all are noted anew. */
const maxNoted = 10_000;
/** Then what is said is looked at again, for another isolate may have noted something else in between. */
const notedForMs = 300_000;

/** What this isolate last noted, by the digest of a gateway's token: a poll that says nothing new asks the database nothing. */
const noted = new Map<string, { readonly said: string; readonly atMs: number }>();

/** Keeps what a gateway says of itself, which keys it believes and its version, once its page is sent. */
export function noteGateway(tokenDigest: string, headers: Headers, services: Services): void {
  const knows = keysOf(headers);
  const version = versionOf(headers);
  if (knows === undefined && version === undefined) return;
  const said = JSON.stringify([knows, version]);
  const before = noted.get(tokenDigest);
  const { nowMs } = services;
  if (before?.said === said && nowMs - before.atMs < notedForMs) return;
  if (noted.size >= maxNoted) noted.clear();
  noted.set(tokenDigest, { said, atMs: nowMs });
  const note = async () => {
    try {
      const done = await noteStoredGateway(services.db, tokenDigest, {
        ...(knows === undefined ? {} : { knows }),
        ...(version === undefined ? {} : { version }),
      });
      if (!done.ok) noted.delete(tokenDigest);
    } catch (error) {
      services.log.error('note_gateway_failed', error);
    }
  };
  services.afterwards(note());
}

function keysOf(headers: Headers): readonly string[] | undefined {
  const header = headers.get(gatewayKeysHeader);
  return header !== null && keysPattern.test(header) ? header.split(',') : undefined;
}

function versionOf(headers: Headers): string | undefined {
  const [name, version = '', ...more] = (headers.get('user-agent') ?? '').split('/');
  return name === gatewayAgent && more.length === 0 && gatewayVersionPattern.test(version) ? version : undefined;
}
