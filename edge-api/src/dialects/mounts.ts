import type { Mount } from '../http/dialect.ts';
import { marlinEndpoints } from './marlin/endpoints.ts';
import { marlin } from './marlin/marlin.ts';
import { getAvailability } from './mashvisor/get-availability.ts';
import { getUsage } from './mashvisor/get-usage.ts';
import { listKeys } from './mashvisor/list-keys.ts';
import { mashvisor } from './mashvisor/mashvisor.ts';
import { createPlan } from './proxies-fo/create-plan.ts';
import { getMe } from './proxies-fo/get-me.ts';
import { proxiesFo } from './proxies-fo/proxies-fo.ts';
import { proxyEndpoints } from './proxymesh/proxies.ts';
import { proxymesh } from './proxymesh/proxymesh.ts';
import { sourceEndpoints } from './proxymesh/sources.ts';
import { subAccountEndpoints } from './proxymesh/sub-accounts.ts';

/** Every convention that is spoken beside `/v1`, with its endpoints. Not in the OpenAPI document, which is that of `/v1`. */
export const mounts: readonly Mount[] = [
  { dialect: marlin, endpoints: marlinEndpoints },
  { dialect: proxiesFo, endpoints: [createPlan, getMe] },
  { dialect: mashvisor, endpoints: [getAvailability, getUsage, listKeys] },
  { dialect: proxymesh, endpoints: [...sourceEndpoints, ...proxyEndpoints, ...subAccountEndpoints] },
];
