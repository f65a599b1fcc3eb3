import type { WebhookEndpoint } from '@marvel/shared/api/webhook';
import type { WebhookEndpoint as StoredEndpoint } from '../../store/webhook-endpoint.ts';

type ShownEndpoint = Pick<
  StoredEndpoint,
  'id' | 'url' | 'events' | 'description' | 'failingSince' | 'disabledAt' | 'disabledReason' | 'createdAt'
>;

/** An endpoint as its owner sees it: all but its secret. */
export function showWebhookEndpoint(endpoint: ShownEndpoint): WebhookEndpoint {
  return {
    id: endpoint.id,
    url: endpoint.url,
    events: endpoint.events === null ? null : [...endpoint.events],
    description: endpoint.description,
    status: endpoint.disabledAt === null ? 'enabled' : 'disabled',
    disabled_reason: endpoint.disabledReason,
    disabled_at: endpoint.disabledAt?.toISOString() ?? null,
    failing_since: endpoint.failingSince?.toISOString() ?? null,
    created_at: endpoint.createdAt.toISOString(),
  };
}
