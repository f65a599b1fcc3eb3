import { AxeBuilder } from '@axe-core/playwright';
import type { Browser, BrowserContext, Page } from 'playwright-core';
import { expect } from 'vitest';

/** Somebody at a browser, signed in or not. */
export interface Visitor extends AsyncDisposable {
  readonly page: Page;
  readonly context: BrowserContext;
  /** What the browser complained about: refused by the policy of the page, thrown, or not found. */
  readonly complaints: readonly string[];
  /** Opens a page of the dashboard and waits for its title. */
  open(path: string): Promise<void>;
  /** Turns to a page as a click on a link does, without loading the site anew. */
  turnTo(path: string): Promise<void>;
}

export interface VisitorOptions {
  readonly origin: string;
  readonly token?: string;
  readonly colorScheme?: 'light' | 'dark';
  readonly width?: number;
}

const heightPx = 900;

/** What the browser says of every refusal of the API; the page shows it, so it is no complaint. */
const refusal = /^Failed to load resource: the server responded with a status of (?:401|404|409|422|503)/;

export async function visit(browser: Browser, options: VisitorOptions): Promise<Visitor> {
  const { origin, token, colorScheme = 'light', width = 1280 } = options;
  const context = await browser.newContext({
    colorScheme,
    viewport: { width, height: heightPx },
    acceptDownloads: true,
  });
  const page = await context.newPage();
  const complaints: string[] = [];
  page.on('console', (message) => {
    if (message.type() === 'error' && !refusal.test(message.text())) complaints.push(message.text());
  });
  page.on('pageerror', (error) => complaints.push(error.message));
  if (token !== undefined) {
    await page.goto(`${origin}/favicon.svg`);
    await page.evaluate((given) => window.sessionStorage.setItem('marvel.session', given), token);
  }
  const titled = async () => page.getByRole('heading', { level: 1 }).waitFor();
  return {
    page,
    context,
    complaints,
    open: async (path) => {
      await page.goto(origin + path);
      await titled();
    },
    turnTo: async (path) => {
      await page.evaluate((to) => {
        window.history.pushState(null, '', to);
        window.dispatchEvent(new PopStateEvent('popstate'));
      }, path);
      await titled();
    },
    [Symbol.asyncDispose]: async () => context.close(),
  };
}

/** Waits until nothing on the page is being loaded. */
export async function settle(page: Page): Promise<void> {
  await page.waitForLoadState('networkidle');
  await page.waitForFunction(() => document.querySelector('[aria-label="Loading"]') === null);
}

/** Nothing that people with other means of reading would stumble over. */
export async function expectAccessible(page: Page, rules?: readonly string[]): Promise<void> {
  // There are no frames, so no second page is needed to put results together.
  const builder = new AxeBuilder({ page }).setLegacyMode(true).options({ resultTypes: ['violations'] });
  const { violations } = await (rules === undefined ? builder : builder.withRules([...rules])).analyze();
  const serious = violations
    .filter(({ impact }) => impact === 'serious' || impact === 'critical')
    .map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join('\n')}`);
  expect(serious).toEqual([]);
}

/** Phones as wide as most are, and a narrow one. */
export const phoneWidths = [390, 360] as const;

/** Neither the page nor a table on it, with all that unfolds, scrolls sideways at any of these widths; the last one stays. */
export async function expectFits(page: Page, widths: readonly number[]): Promise<void> {
  await page.evaluate(() => {
    for (const folded of document.querySelectorAll('details')) folded.open = true;
  });
  for (const width of widths) {
    await page.setViewportSize({ width, height: heightPx });
    const found = await page.evaluate(() => ({
      pagePx: document.documentElement.scrollWidth,
      scrolling: [...document.querySelectorAll('.table-wrap')]
        .filter((table) => table.scrollWidth > table.clientWidth)
        .map((table) => table.getAttribute('aria-label')),
    }));
    expect(found, `${page.url()} at ${width} px`).toEqual({ pagePx: width, scrolling: [] });
  }
}
