import type { ComponentType } from 'preact';

/** Loads the code of a page when it is opened. */
export type PageLoader = () => Promise<ComponentType>;

export interface NavGroup {
  readonly title: string;
  readonly links: readonly (readonly [path: string, text: string])[];
}

/** Every page of the dashboard but the one that says that there is none. */
const loaders: Readonly<Record<string, PageLoader>> = {
  '/': async () => (await import('../pages/overview/overview-page.tsx')).OverviewPage,
  '/connect': async () => (await import('../pages/connect/connect-page.tsx')).ConnectPage,
  '/keys': async () => (await import('../pages/keys/keys-page.tsx')).KeysPage,
  '/sub-users': async () => (await import('../pages/sub-users/sub-users-page.tsx')).SubUsersPage,
  '/sources': async () => (await import('../pages/sources/sources-page.tsx')).SourcesPage,
  '/nodes': async () => (await import('../pages/nodes/nodes-page.tsx')).NodesPage,
  '/availability': async () => (await import('../pages/availability/availability-page.tsx')).AvailabilityPage,
  '/usage': async () => (await import('../pages/usage/usage-page.tsx')).UsagePage,
  '/rejections': async () => (await import('../pages/rejections/rejections-page.tsx')).RejectionsPage,
  '/billing': async () => (await import('../pages/billing/billing-page.tsx')).BillingPage,
  '/ledger': async () => (await import('../pages/ledger/ledger-page.tsx')).LedgerPage,
  '/receipts': async () => (await import('../pages/receipts/receipts-page.tsx')).ReceiptsPage,
  '/subscriptions': async () => (await import('../pages/subscriptions/subscriptions-page.tsx')).SubscriptionsPage,
  '/customers': async () => (await import('../pages/customers/customers-page.tsx')).CustomersPage,
  '/plans': async () => (await import('../pages/plans/plans-page.tsx')).PlansPage,
  '/webhooks': async () => (await import('../pages/webhooks/webhooks-page.tsx')).WebhooksPage,
  '/account': async () => (await import('../pages/account/account-page.tsx')).AccountPage,
  '/operator': async () => (await import('../pages/operator/fleet-page.tsx')).FleetPage,
  '/operator/gateways': async () => (await import('../pages/operator/gateways-page.tsx')).GatewaysPage,
  '/operator/exits': async () => (await import('../pages/operator/exits-page.tsx')).ExitsPage,
  '/operator/accounts': async () => (await import('../pages/operator/accounts-page.tsx')).AccountsPage,
  '/operator/audit': async () => (await import('../pages/operator/audit-page.tsx')).AuditLogPage,
};

const missing: PageLoader = async () => (await import('../pages/missing-page.tsx')).MissingPage;

export const accountNav: readonly NavGroup[] = [
  { title: 'Account', links: [['/', 'Overview']] },
  {
    title: 'Proxy',
    links: [
      ['/connect', 'Connect'],
      ['/keys', 'Keys'],
      ['/sub-users', 'Sub-users'],
      ['/sources', 'Authorised sources'],
      ['/nodes', 'Sticky sessions'],
      ['/availability', 'Availability'],
    ],
  },
  {
    title: 'Traffic',
    links: [
      ['/usage', 'Usage'],
      ['/rejections', 'Rejections'],
      ['/ledger', 'Ledger'],
      ['/receipts', 'Receipts'],
    ],
  },
  {
    title: 'Selling on',
    links: [
      ['/customers', 'Customers'],
      ['/plans', 'Your plans'],
    ],
  },
  {
    title: 'Settings',
    links: [
      ['/billing', 'Billing'],
      ['/subscriptions', 'Subscriptions'],
      ['/webhooks', 'Webhooks'],
      ['/account', 'Sign-in and sessions'],
    ],
  },
];

export const operatorNav: readonly NavGroup[] = [
  {
    title: 'Operator',
    links: [
      ['/operator', 'Fleet'],
      ['/operator/gateways', 'Gateways'],
      ['/operator/exits', 'Exits'],
      ['/operator/accounts', 'Accounts'],
      ['/operator/audit', 'Audit log'],
    ],
  },
];

function plain(path: string): string {
  return path.length > 1 ? path.replace(/\/+$/, '') : path;
}

export function pageAt(path: string): PageLoader {
  return loaders[plain(path)] ?? missing;
}

export function isOperatorPage(path: string): boolean {
  return path === '/operator' || path.startsWith('/operator/');
}

/** Pages that need no account: what is public anyway, and those of the operator, who has a token of another kind. */
export function isOpenToAll(path: string): boolean {
  return isOperatorPage(path) || plain(path) === '/availability';
}
