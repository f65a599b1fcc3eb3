type Given<T> = { readonly [K in keyof T]?: Exclude<T[K], undefined> };

/** The members of a body that were sent; those that were not are left out. */
export function given<T extends object>(body: T): Given<T> {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- what is filtered out is what the type leaves out
  return Object.fromEntries(Object.entries(body).filter(([, value]) => value !== undefined)) as Given<T>;
}
