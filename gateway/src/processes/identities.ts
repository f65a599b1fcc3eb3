import * as v from 'valibot';
import { err, ok, type Result } from '@marvel/shared/result';
import { GatewayId, GatewayToken, PrivateJwk } from '../setting-schemas.ts';

/** What a gateway is known by at the edge. */
const Identity = v.strictObject({ id: GatewayId, token: GatewayToken, signing_key: PrivateJwk });
export type Identity = v.InferOutput<typeof Identity>;

/** More processes than any host has cores for. */
export const maxProcesses = 256;

const Identities = v.pipe(
  v.string(),
  v.parseJson(),
  v.array(Identity),
  v.maxLength(maxProcesses),
  // Two processes with one identity would spend the same leases and break each other's chain of batches.
  v.check((identities) => new Set(identities.map(({ id }) => id)).size === identities.length, 'each id once'),
);

/** Reads the file of identities. Errors: a line that says what is expected of it, never what is in it. */
export function readIdentities(text: string): Result<readonly Identity[], string> {
  const parsed = v.safeParse(Identities, text, { abortPipeEarly: true });
  if (parsed.success) return ok(parsed.output);
  const [issue] = parsed.issues;
  const place = issue.path?.map(({ key }) => String(key)).join('.') ?? '';
  const what = issue.type === 'check' || issue.type === 'regex' || issue.type === 'min_length' ? issue.message : 'that';
  return err(
    `a JSON array of {"id":"gtw_…","token":"gw_…","signing_key":{…}}, each id once${place === '' ? '' : `; ${place} is not ${what}`}`,
  );
}
