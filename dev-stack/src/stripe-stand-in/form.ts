import { err, ok, type Result } from '@marvel/shared/result';
import { invalidRequest, type StripeFailure } from './failure.ts';

/** Parameters as a form carries them: texts under names that nest with brackets. */
export interface FormTree {
  [name: string]: string | FormTree;
}

const maxFields = 1_000;
const maxDepth = 8;

/** A tree without a prototype, so that no field name means more than itself. */
function emptyTree(): FormTree {
  const tree: FormTree = {};
  Object.setPrototypeOf(tree, null);
  return tree;
}

/** `line_items[0][price_data]` -> `['line_items', '0', 'price_data']`; undefined when brackets do not pair up. */
function splitName(name: string): readonly string[] | undefined {
  const match = /^([^[\]]+)((?:\[[^[\]]*\])*)$/.exec(name);
  if (match === null) return undefined;
  const [, first = '', rest = ''] = match;
  return [first, ...[...rest.matchAll(/\[([^[\]]*)\]/g)].map(([, part = '']) => part)];
}

/** Puts a value at its place; false when the place is taken by something of another kind. */
function place(tree: FormTree, path: readonly string[], value: string): boolean {
  let node = tree;
  for (const [depth, part] of path.entries()) {
    const name = part === '' ? `${Object.keys(node).length}` : part; // `expand[]=a&expand[]=b`
    if (depth === path.length - 1) {
      if (typeof node[name] === 'object') return false;
      node[name] = value;
      return true;
    }
    node[name] ??= emptyTree();
    const next = node[name];
    if (typeof next === 'string') return false;
    node = next;
  }
  return false;
}

/**
 * Reads `application/x-www-form-urlencoded` with Stripe's brackets, from a body or a query.
 *
 * Bounds: 1,000 fields, 8 levels. Errors: `parameter_invalid` with the field's name.
 */
export function parseForm(text: string): Result<FormTree, StripeFailure> {
  const tree = emptyTree();
  let fields = 0;
  for (const [name, value] of new URLSearchParams(text)) {
    fields += 1;
    const path = splitName(name);
    const isPlaced = fields <= maxFields && path !== undefined && path.length <= maxDepth && place(tree, path, value);
    if (!isPlaced) return err(invalidRequest('parameter_invalid', `Invalid parameter: ${name}`, name));
  }
  return ok(tree);
}
