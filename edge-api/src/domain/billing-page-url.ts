/** The page of the dashboard that a payment page returns to; without a dashboard, the same path of the API. */
export function billingPageUrl(env: {
  readonly DASHBOARD_ORIGIN?: string | undefined;
  readonly PUBLIC_API_URL: string;
}): string {
  return new URL('/billing', env.DASHBOARD_ORIGIN ?? env.PUBLIC_API_URL).href;
}
