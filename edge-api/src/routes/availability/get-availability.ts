import { Availability, AvailabilityQuery } from '@marvel/shared/api/availability';
import { ok } from '@marvel/shared/result';
import { toAvailability } from '../../domain/availability.ts';
import { marvelNetwork } from '../../domain/hold-exit.ts';
import { endpoint } from '../../http/endpoint.ts';
import { readAvailability } from '../../store/exit.ts';
import { given } from '../given.ts';

export const getAvailability = endpoint({
  method: 'GET',
  path: '/v1/availability',
  access: 'public',
  tag: 'Availability',
  summary: 'Live capacity by country',
  description: 'With `country` that of one alone: none, where nothing of it is live.',
  query: AvailabilityQuery,
  fieldFailures: { country: { wrong: 'target_invalid_country' } },
  reply: { status: 200, description: 'What a dial finds at this moment.', body: Availability },
  failures: [],
  cacheControl: 'public, max-age=5',
  async handle({ query }, { db, nowMs }) {
    const read = await readAvailability(db, { network: marvelNetwork, ...given(query) });
    if (!read.ok) return read;
    return ok({ observed_at: new Date(nowMs).toISOString(), countries: read.value.map(toAvailability) });
  },
});
