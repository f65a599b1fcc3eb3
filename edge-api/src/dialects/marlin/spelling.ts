/** How Marlin writes what `/v1` writes otherwise: members in camelCase, statuses as names. Source: Marlin's documentation. */
const statuses = {
  open: 'Open',
  paid: 'Paid',
  void: 'Void',
  uncollectible: 'Uncollectible',
  active: 'Active',
  paused: 'Paused',
  past_due: 'PastDue',
  cancelled: 'Cancelled',
  completed: 'Completed',
} as const;

/** `plan_id` as `planId`. */
export function camelCase(name: string): string {
  return name.replaceAll(/_([a-z0-9])/g, (_, letter: string) => letter.toUpperCase());
}

/** `planId` as `plan_id`. */
export function snakeCase(name: string): string {
  return name.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}

/** A reply of `/v1` in Marlin's spelling. */
export function toMarlin(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(toMarlin);
  if (!isRecord(value)) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, member]) => [
      camelCase(name),
      name === 'status' ? (statusOf(member) ?? member) : toMarlin(member),
    ]),
  );
}

/** A body in Marlin's spelling as `/v1` has it; `undefined` when a member is spelled otherwise. */
export function fromMarlin(value: unknown): unknown {
  if (!isRecord(value)) return value;
  const members = Object.entries(value);
  if (members.some(([name]) => name.includes('_'))) return undefined;
  return Object.fromEntries(members.map(([name, member]) => [snakeCase(name), member]));
}

/** The status of `/v1` that Marlin calls so. */
export function statusNamed<S extends keyof typeof statuses>(known: readonly S[], name: string): S | undefined {
  return known.find((status) => statuses[status] === name);
}

/** What Marlin calls these. */
export function namesOf<S extends keyof typeof statuses>(known: readonly S[]): readonly (typeof statuses)[S][] {
  return known.map((status) => statuses[status]);
}

function statusOf(value: unknown): string | undefined {
  return typeof value === 'string' ? new Map<string, string>(Object.entries(statuses)).get(value) : undefined;
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
