import { readFile, rename, writeFile } from 'node:fs/promises';
import * as v from 'valibot';
import type { Kind, Kinds } from './objects.ts';

/** The objects, in memory; the file, where there is one, follows a moment later. */
export interface Store {
  get<K extends Kind>(kind: K, id: string): Kinds[K] | undefined;
  /** Of all kinds, for `expand`. */
  find(id: string): Kinds[Kind] | undefined;
  /** Oldest first. */
  list<K extends Kind>(kind: K): readonly Kinds[K][];
  /** Adds the object, or replaces the one with its id. */
  put(object: Kinds[Kind]): void;
  /** Waits until the file holds everything. */
  flush(): Promise<void>;
}

/** The oldest are forgotten beyond it; a test that makes more looks at its newest. */
const maxObjects = 200_000;

function isKind<K extends Kind>(object: Kinds[Kind], kind: K): object is Kinds[K] {
  return object.object === kind;
}

/** Only this program writes the file, so what an object says it is suffices. */
const Saved = v.array(
  v.custom<Kinds[Kind]>((value) => typeof value === 'object' && value !== null && 'id' in value && 'object' in value),
);

async function load(file: string): Promise<readonly Kinds[Kind][]> {
  const text = await readFile(file, 'utf8').catch(() => '[]');
  const saved = v.safeParse(Saved, JSON.parse(text));
  if (!saved.success) throw new Error(`${file} is not a state of the Stripe stand-in; remove it to start afresh`);
  return saved.output;
}

/**
 * Opens the store, with what `file` holds when it is there.
 *
 * Errors: rejects when the file is there and cannot be read as a state.
 */
export async function openStore(file?: string): Promise<Store> {
  const objects = new Map<string, Kinds[Kind]>(); // in the order they were made
  for (const object of file === undefined ? [] : await load(file)) objects.set(object.id, object);

  let isDirty = false;
  let writing: Promise<void> = Promise.resolve();

  async function write(target: string): Promise<void> {
    isDirty = false;
    const fresh = `${target}.new`;
    await writeFile(fresh, JSON.stringify([...objects.values()]));
    await rename(fresh, target); // atomic: an interrupted write leaves the state before it
  }

  /** One write at a time; what changes while it waits is in it. */
  function save(): void {
    if (file === undefined || isDirty) return;
    isDirty = true;
    writing = writing.then(async () => write(file));
  }

  return {
    get(kind, id) {
      const found = objects.get(id);
      return found !== undefined && isKind(found, kind) ? found : undefined;
    },
    find: (id) => objects.get(id),
    list: (kind) => [...objects.values()].filter((object) => isKind(object, kind)),
    put(object) {
      objects.set(object.id, object);
      const [oldest] = objects.keys();
      if (objects.size > maxObjects && oldest !== undefined) objects.delete(oldest);
      save();
    },
    flush: async () => writing,
  };
}
