/** A page as the navigation knows it. */
export interface NavigationPage {
  readonly file: string;
  readonly address: string;
  readonly title: string;
}

/** Pages under one heading. */
export interface NavigationGroup {
  readonly title: string;
  readonly pages: readonly NavigationPage[];
}

/** In which order people need them. */
const order: readonly { readonly title: string; readonly files: readonly string[] }[] = [
  { title: 'Start', files: ['README.md', 'quickstart.md'] },
  { title: 'Use', files: ['authentication.md', 'targeting.md', 'sessions.md', 'errors.md'] },
  { title: 'Pay', files: ['billing.md', 'receipts.md', 'webhooks.md'] },
  { title: 'Tools', files: ['sdk.md', 'cli.md', 'dialects.md'] },
  { title: 'Run', files: ['deploy.md', 'operate/gateway.md', 'operate/exits.md', 'security.md', 'scale.md'] },
  { title: 'Inside', files: ['contract.md', 'architecture.md', 'decisions/README.md'] },
];
/** Reached from the list of decisions. */
const listedElsewhere = /^decisions\/\d/;

/** Groups the pages there are; those that nobody ordered come last. */
export function navigationOf(pages: readonly NavigationPage[]): readonly NavigationGroup[] {
  const ordered = new Set(order.flatMap(({ files }) => files));
  const rest = pages.filter(({ file }) => !ordered.has(file) && !listedElsewhere.test(file));
  const groups = order.map(({ title, files }) => ({
    title,
    pages: files.flatMap((file) => pages.filter((page) => page.file === file)),
  }));
  return [...groups, { title: 'More', pages: rest }].filter((group) => group.pages.length > 0);
}
