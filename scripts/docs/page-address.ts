/** Where a file of `docs/` is served: `operate/gateway.md` at `/docs/operate/gateway`, a README at its folder. */
export function pageAddress(file: string): string {
  return `/docs/${file.replace(/(?:README)?\.md$/, '')}`;
}
