import type { AuthorizedSource } from '@marvel/sdk';
import { Moment } from '../../ui/show.tsx';

/** Names are looked up every minute: an answer that is older than a few of them was not renewed. */
const freshMs = 5 * 60_000;

/** How a host name was last found, and what it stands for. */
export function LookUp({ source }: { readonly source: AuthorizedSource }) {
  const { kind, addresses, resolved_at: at } = source;
  if (kind === 'ip') return <span class="soft">not needed</span>;
  if (at === null) return <span class="badge bad">not found yet</span>;
  const isFresh = Date.now() - Date.parse(at) < freshMs;
  const [tone, text] = addresses.length === 0 ? ['bad', 'no address'] : isFresh ? ['good', 'found'] : ['warn', 'old'];
  return (
    <>
      <span class={`badge ${tone}`}>{text}</span>{' '}
      <span class="soft small">
        answered <Moment at={at} />
      </span>
    </>
  );
}
