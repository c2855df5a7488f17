/**
 * Records as tables: each record type names its columns once, and from that come the bulk write and the reading.
 *
 * A property `endToEndId` is the column `end_to_end_id`.
 */

/** `number`: int8 whose values are safe integers (times, sequences, counts). `money`: int8 or numeric as bigint. */
export type ColumnType = 'text' | 'integer' | 'number' | 'money';

export interface RecordTable<Row extends object> {
  /** All columns, for SELECT. */
  readonly columns: string;
  readonly name: string;
  /** Parameters: the cell, then one array a column. Rows replace those of the same key. */
  readonly upsert: string;
  parameters(cell: number, rows: readonly Row[]): unknown[];
  read(row: Record<string, unknown>): Row;
}

const sqlTypes: Record<ColumnType, string> = { text: 'text', integer: 'integer', number: 'bigint', money: 'numeric' };

export function recordTable<Row extends object>(
  name: string,
  key: readonly (keyof Row & string)[],
  types: Readonly<Record<keyof Row & string, ColumnType>>,
): RecordTable<Row> {
  const properties = Object.keys(types) as (keyof Row & string)[];
  const columns = properties.map(columnName);
  const changes = properties
    .filter((property) => !key.includes(property))
    .map((property) => `${columnName(property)} = excluded.${columnName(property)}`);
  const arrays = properties.map((property, index) => `$${index + 2}::${sqlTypes[types[property]]}[]`);

  return {
    name,
    columns: columns.join(', '),
    upsert: `INSERT INTO ${name} (cell, ${columns.join(', ')})
      SELECT $1::integer, * FROM unnest(${arrays.join(', ')})
      ON CONFLICT (cell, ${key.map(columnName).join(', ')}) DO UPDATE SET ${changes.join(', ')}`,

    parameters(cell, rows) {
      const lastOfKey = new Map(rows.map((row) => [key.map((property) => row[property]).join('/'), row]));
      const distinct = [...lastOfKey.values()];
      return [cell, ...properties.map((property) => distinct.map((row) => row[property]))];
    },

    read(row) {
      const values = properties.map((property) => [property, convert(types[property], row[columnName(property)])]);
      return Object.fromEntries(values);
    },
  };
}

const columnName = (property: string) => property.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);

function convert(type: ColumnType, value: unknown): unknown {
  if (type === 'money') return BigInt(value as string);
  if (type === 'number') return Number(value);
  return value;
}
