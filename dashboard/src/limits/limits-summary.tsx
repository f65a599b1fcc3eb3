import type { Limits } from '@marvel/sdk';
import { formatBytes, formatPlural } from '../format/bytes.ts';
import { formatMoment } from '../format/time.ts';

function phrases(limits: Limits): readonly string[] {
  const { bytes_per_day, bytes_per_month, bytes_total, threads, countries, source_ips, hosts_allow, hosts_deny } =
    limits;
  return [
    bytes_per_day === undefined ? '' : `${formatBytes(bytes_per_day)} a day`,
    bytes_per_month === undefined ? '' : `${formatBytes(bytes_per_month)} a month`,
    bytes_total === undefined ? '' : `${formatBytes(bytes_total)} in all`,
    threads === undefined ? '' : formatPlural(threads, 'thread'),
    countries === undefined ? '' : countries.join(', '),
    source_ips === undefined ? '' : `from ${formatPlural(source_ips.length, 'address', 'addresses')}`,
    hosts_allow === undefined ? '' : `only ${formatPlural(hosts_allow.length, 'host')}`,
    hosts_deny === undefined ? '' : `${formatPlural(hosts_deny.length, 'host')} denied`,
    limits.expires_at === undefined ? '' : `until ${formatMoment(limits.expires_at)}`,
  ].filter((phrase) => phrase !== '');
}

/** Limits in a line. */
export function LimitsSummary({ limits }: { readonly limits: Limits }) {
  const said = phrases(limits);
  return said.length === 0 ? <span class="soft">none</span> : <span class="prose">{said.join(' · ')}</span>;
}

/** How a key or sub-user stands at this moment. */
export function CredentialBadge({
  limits,
  isRevoked = false,
}: {
  readonly limits: Limits;
  readonly isRevoked?: boolean;
}) {
  if (isRevoked) return <span class="badge">revoked</span>;
  if (limits.paused === true) return <span class="badge warn">paused</span>;
  if (limits.expires_at !== undefined && Date.parse(limits.expires_at) <= Date.now()) {
    return <span class="badge bad">expired</span>;
  }
  return <span class="badge good">active</span>;
}
