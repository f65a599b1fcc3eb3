import type { EnrolGatewayRequest } from '@marvel/sdk';
import { err, ok, type Result } from '@marvel/shared/result';

/** Reads a pasted JWK; one that holds the private half is refused here, so that it never leaves the page. */
export function readPublicKey(text: string): Result<EnrolGatewayRequest['public_key'], string> {
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch {
    return err('must be a JWK, in JSON');
  }
  if (typeof parsed !== 'object' || parsed === null) return err('must be a JWK, in JSON');
  if ('d' in parsed) return err('holds the private key; paste the public half only, and keep this one secret');
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the API says what is wrong with the rest
  return ok(parsed as EnrolGatewayRequest['public_key']);
}
