import type { CatalogueEntry } from '@marvel/shared/api/error';
import { failureCodes, failureEntry, type Socks5Answer } from '@marvel/shared/failures';
import type * as v from 'valibot';

type Entry = v.InferOutput<typeof CatalogueEntry>;

/** The failure catalogue as the API shows it, in its own order. */
export function showCatalogue(): readonly Entry[] {
  return failureCodes.map((code) => {
    const { reason, meaning, fix, retryable, marvel, proxiesFo, proxymesh, socks5, api } = failureEntry(code);
    return {
      code,
      reason,
      meaning,
      fix,
      retryable,
      marvel,
      proxies_fo: proxiesFo === null ? null : { ...proxiesFo },
      proxymesh,
      socks5: socks5 === null ? null : showSocks5(socks5),
      api,
    };
  });
}

function showSocks5(answer: Socks5Answer): NonNullable<Entry['socks5']> {
  if (answer === 'close') return { kind: 'close', value: null };
  return 'auth' in answer ? { kind: 'auth', value: answer.auth } : { kind: 'reply', value: answer.reply };
}
