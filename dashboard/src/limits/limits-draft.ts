import type { Limits } from '@marvel/sdk';
import { bytesPerGb } from '../format/bytes.ts';

/** Limits as they are typed: text, and empty for what limits nothing. */
export interface LimitsDraft {
  readonly bytes_per_day: AmountDraft;
  readonly bytes_per_month: AmountDraft;
  readonly bytes_total: AmountDraft;
  readonly threads: string;
  readonly countries: string;
  readonly source_ips: string;
  readonly hosts_allow: string;
  readonly hosts_deny: string;
  /** As `<input type="datetime-local">` has it, in UTC. */
  readonly expires_at: string;
  readonly paused: boolean;
}

/** An amount of bytes and its unit. */
export interface AmountDraft {
  readonly amount: string;
  readonly unit: ByteUnit;
}

export const byteUnits = { B: 1, MB: 1_000_000, GB: bytesPerGb, TB: 1_000_000_000_000 } as const;
export type ByteUnit = keyof typeof byteUnits;

/** The largest unit that says the amount in few digits and exactly. */
function amountOf(bytes: number | undefined): AmountDraft {
  if (bytes === undefined) return { amount: '', unit: 'GB' };
  for (const unit of ['TB', 'GB', 'MB'] as const) {
    const amount = bytes / byteUnits[unit];
    if (amount >= 1 && Number.isInteger(amount * 1000)) return { amount: String(amount), unit };
  }
  return { amount: String(bytes), unit: 'B' };
}

function bytesOf({ amount, unit }: AmountDraft): number | undefined {
  return amount.trim() === '' ? undefined : Math.round(Number(amount) * byteUnits[unit]);
}

function listOf(text: string): string[] | undefined {
  const entries = text.split(/[\s,;]+/).filter((entry) => entry !== '');
  return entries.length === 0 ? undefined : entries;
}

export function draftLimits(limits: Limits): LimitsDraft {
  return {
    bytes_per_day: amountOf(limits.bytes_per_day),
    bytes_per_month: amountOf(limits.bytes_per_month),
    bytes_total: amountOf(limits.bytes_total),
    threads: limits.threads === undefined ? '' : String(limits.threads),
    countries: (limits.countries ?? []).join(', '),
    source_ips: (limits.source_ips ?? []).join('\n'),
    hosts_allow: (limits.hosts_allow ?? []).join('\n'),
    hosts_deny: (limits.hosts_deny ?? []).join('\n'),
    expires_at: limits.expires_at?.slice(0, 16) ?? '',
    paused: limits.paused ?? false,
  };
}

/** The limits that a draft asks for. Whether they are right is for the API to say. */
export function readDraft(draft: LimitsDraft): Limits {
  const given = {
    bytes_per_day: bytesOf(draft.bytes_per_day),
    bytes_per_month: bytesOf(draft.bytes_per_month),
    bytes_total: bytesOf(draft.bytes_total),
    threads: draft.threads.trim() === '' ? undefined : Number(draft.threads),
    countries: listOf(draft.countries.toUpperCase()),
    source_ips: listOf(draft.source_ips),
    hosts_allow: listOf(draft.hosts_allow),
    hosts_deny: listOf(draft.hosts_deny),
    expires_at: draft.expires_at === '' ? undefined : `${draft.expires_at.slice(0, 16)}:00Z`,
    paused: draft.paused ? true : undefined,
  };
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the same members, without those that are absent
  return Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined)) as Limits;
}
