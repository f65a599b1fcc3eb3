import { types, type FieldDef } from 'pg';
import type { RowStyle } from './request.ts';

/** The values of a row as PostgreSQL writes them. */
export type TextRow = readonly (string | null)[];

const { builtins } = types;
const bool: number = builtins.BOOL;
const numbers: ReadonlySet<number> = new Set([builtins.INT2, builtins.INT4, builtins.FLOAT4, builtins.FLOAT8]);
const jsonTypes: ReadonlySet<number> = new Set([builtins.JSON, builtins.JSONB]);

/** A value as JSON where JSON has such a value, else its text. Arrays stay text. */
function writeValue(value: string | null, dataTypeId: number): unknown {
  if (value === null) return null;
  if (dataTypeId === bool) return value === 't';
  if (jsonTypes.has(dataTypeId)) return JSON.parse(value);
  if (!numbers.has(dataTypeId)) return value;
  const number = Number(value);
  return Number.isFinite(number) ? number : value; // JSON has no NaN and no infinities
}

/** Writes a row in the style asked for. The driver always asks for raw text in arrays and makes objects itself. */
export function writeRow(row: TextRow, fields: readonly FieldDef[], style: RowStyle): unknown {
  const values = style.rawText ? row : row.map((value, index) => writeValue(value, fields[index]?.dataTypeID ?? 0));
  if (style.arrayMode) return values;
  return Object.fromEntries(fields.map((field, index) => [field.name, values[index]]));
}
