import { Availability } from '@marvel/shared/api/availability';
import { GivenCountry } from '@marvel/shared/api/node';
import { err, ok } from '@marvel/shared/result';
import * as v from 'valibot';
import { toAvailability } from '../../domain/availability.ts';
import { marvelNetwork } from '../../domain/hold-exit.ts';
import { endpoint } from '../../http/endpoint.ts';
import { readAvailability } from '../../store/exit.ts';

export const getCountryAvailability = endpoint({
  method: 'GET',
  path: '/v1/availability/{country}',
  access: 'public',
  tag: 'Availability',
  summary: 'Live capacity of one country',
  params: v.object({ country: GivenCountry }),
  fieldFailures: { country: { wrong: 'target_invalid_country' } },
  reply: { status: 200, description: 'The one country.', body: Availability },
  failures: ['no_capacity'],
  cacheControl: 'public, max-age=5',
  async handle({ params: { country } }, { db, nowMs }) {
    const read = await readAvailability(db, { network: marvelNetwork, country });
    if (!read.ok) return read;
    if (read.value.length === 0) return err({ code: 'no_capacity' });
    return ok({ observed_at: new Date(nowMs).toISOString(), countries: read.value.map(toAvailability) });
  },
});
