import type { Mount } from '../http/dialect.ts';
import { getAvailability } from './mashvisor/get-availability.ts';
import { getUsage } from './mashvisor/get-usage.ts';
import { listKeys } from './mashvisor/list-keys.ts';
import { mashvisor } from './mashvisor/mashvisor.ts';

/** Every convention that is spoken beside `/v1`, with its endpoints. Not in the OpenAPI document, which is that of `/v1`. */
export const mounts: readonly Mount[] = [{ dialect: mashvisor, endpoints: [getAvailability, getUsage, listKeys] }];
