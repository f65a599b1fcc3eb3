import { readProxyKey } from '@marvel/shared/key-format';
import type { OfferedCredential } from '../offer.ts';

/** In dialects of sub-users a test key may stand in the place of the user name, so that their failures can be tried too. No live key can. */
export function subUserOrTestKey(username: string, password: string): OfferedCredential {
  if (readProxyKey(username) === 'test') return { kind: 'key', key: username };
  return { kind: 'sub_user', username, password };
}
