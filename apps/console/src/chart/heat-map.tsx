/** Pairs as a grid of shades of one hue, from light to dark; every field says its figure, and a table stands beside it. */
import { shadeOf } from './scale.ts';

interface HeatMapProps {
  readonly caption: string;
  readonly rows: readonly { readonly key: string; readonly name: string }[];
  readonly columns: readonly { readonly key: string; readonly name: string }[];
  /** Size of a field's value for its shade. */
  readonly weight: (row: string, column: string) => number;
  readonly text: (row: string, column: string) => string;
  readonly short?: (row: string, column: string) => string;
}

const shades = 7;

export function HeatMap({ caption, rows, columns, weight, text, short }: HeatMapProps) {
  const largest = Math.max(0, ...rows.flatMap(({ key }) => columns.map((column) => weight(key, column.key))));
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: a region that scrolls has to be reachable by keyboard
    <section className="heat-frame" aria-label={caption} tabIndex={0}>
      <table className="heat">
        <caption className="unseen">{caption}</caption>
        <thead>
          <tr>
            <td />
            {columns.map(({ key, name }) => (
              <th key={key} scope="col">
                {name}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map((row) => (
            <tr key={row.key}>
              <th scope="row">{row.name}</th>
              {columns.map((column) => (
                <td
                  key={column.key}
                  className={`shade-${shadeOf(weight(row.key, column.key), largest, shades)}`}
                  title={text(row.key, column.key)}
                >
                  {(short ?? text)(row.key, column.key)}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}
