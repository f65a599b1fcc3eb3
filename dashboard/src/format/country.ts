const names = new Intl.DisplayNames('en', { type: 'region', fallback: 'code' });

/** `Germany`; the code itself where it names no country. */
export function countryName(code: string): string {
  try {
    return names.of(code) ?? code;
  } catch {
    return code;
  }
}
