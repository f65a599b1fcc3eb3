import type { Services } from '../../http/services.ts';
import { noteGatewayKeys } from '../../store/gateway.ts';

const keysPattern = /^[A-Za-z0-9_.-]{1,64}(?:,[A-Za-z0-9_.-]{1,64}){0,7}$/;
/** Far more than a fleet has; beyond it all are noted anew. */
const maxNoted = 10_000;

/** What this isolate last noted, by the digest of a gateway's token: a poll that says nothing new writes nothing. */
const noted = new Map<string, string>();

/** Keeps which keys a gateway says that it believes, once its page is sent. */
export function noteKnownKeys(tokenDigest: string, header: string | null, services: Services): void {
  if (header === null || !keysPattern.test(header) || noted.get(tokenDigest) === header) return;
  if (noted.size >= maxNoted) noted.clear();
  noted.set(tokenDigest, header);
  const note = async () => {
    try {
      const done = await noteGatewayKeys(services.db, tokenDigest, header.split(','));
      if (!done.ok) noted.delete(tokenDigest);
    } catch (error) {
      services.log.error('note_gateway_keys_failed', error);
    }
  };
  services.afterwards(note());
}
