/**
 * The table of the console: plain rows, 28 px high, with a head that stays; `j` `k` Enter go through them, Space looks
 * into one.
 * Sorting, filtering and paging are questions to the platform, so no row model is kept here (docs/decisions/0025).
 */
import { Fragment, type KeyboardEvent, type MouseEvent, type ReactNode, useRef, useState } from 'react';
import { useWay } from '../place/use-place.tsx';

export interface Column<Row> {
  readonly key: string;
  readonly head: ReactNode;
  readonly value: (row: Row) => ReactNode;
  /** `elastic`: takes what room there is, and gives way first. */
  readonly kind?: 'number' | 'wrap' | 'elastic';
  /** Only where the table has room for it; the row's own page tells it always. */
  readonly isWide?: boolean;
}

const classOf = (kind: string | undefined, isWide = false) => (isWide ? `${kind ?? ''} wide` : kind);

interface TableProps<Row> {
  readonly caption: string;
  readonly columns: readonly Column<Row>[];
  readonly rows: readonly Row[];
  readonly rowKey: (row: Row) => string;
  /** The page that a row opens; its first cell has to hold the link, for those who cannot click a row. */
  readonly opens?: (row: Row) => string;
  /** What Space shows of a row, below it. */
  readonly preview?: (row: Row) => ReactNode;
  readonly foot?: ReactNode;
}

const isButton = (target: EventTarget) => target instanceof HTMLElement && target.matches('button, summary');
const interactive = 'a, button, input, select, textarea, [role="button"]';

export function Table<Row>({ caption, columns, rows, rowKey, opens, preview, foot }: TableProps<Row>) {
  const way = useWay();
  const body = useRef<HTMLTableSectionElement>(null);
  const [current, setCurrent] = useState(-1);
  const [looked, setLooked] = useState<string>();
  const rowAt = (index: number) => body.current?.querySelectorAll<HTMLElement>(':scope > tr:not(.preview)')[index];

  const step = (event: KeyboardEvent) => {
    if (event.target instanceof HTMLElement && event.target.matches('input, select, textarea')) return;
    const by = { j: 1, ArrowDown: 1, k: -1, ArrowUp: -1 }[event.key];
    if (by !== undefined) {
      event.preventDefault();
      const next = Math.min(rows.length - 1, Math.max(0, current + by));
      setCurrent(next);
      const row = rowAt(next);
      row?.scrollIntoView({ block: 'nearest' });
      (row?.querySelector<HTMLElement>('a') ?? row)?.focus();
    } else if (event.key === 'c') {
      rowAt(current)?.querySelector<HTMLElement>('[data-copy]')?.click();
    } else if (event.key === ' ' && preview !== undefined && current >= 0 && !isButton(event.target)) {
      event.preventDefault(); // the page stays where it is
      const key = rowKey(rows[current]);
      setLooked(looked === key ? undefined : key);
    } else if (event.key === 'Escape') {
      setLooked(undefined);
    }
  };
  const open = (event: MouseEvent, row: Row) => {
    if (opens === undefined || (event.target as HTMLElement).closest(interactive) !== null) return;
    if (window.getSelection()?.toString() !== '') return;
    way.go(opens(row));
  };

  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: a region that scrolls has to be reachable by keyboard
    <section className="table-frame" aria-label={caption} data-rows onKeyDown={step} tabIndex={0}>
      <table>
        <caption className="unseen">{caption}</caption>
        <thead>
          <tr>
            {columns.map(({ key, head, kind, isWide }) => (
              <th key={key} scope="col" className={classOf(kind, isWide)}>
                {head}
              </th>
            ))}
          </tr>
        </thead>
        <tbody ref={body}>
          {rows.map((row, index) => (
            <Fragment key={rowKey(row)}>
              <tr
                className={opens === undefined ? undefined : 'opens'}
                data-current={index === current}
                onClick={(event) => open(event, row)}
              >
                {columns.map(({ key, value, kind, isWide }) => (
                  <td key={key} className={classOf(kind, isWide)}>
                    {value(row)}
                  </td>
                ))}
              </tr>
              {preview !== undefined && looked === rowKey(row) && (
                <tr className="preview">
                  <td colSpan={columns.length}>{preview(row)}</td>
                </tr>
              )}
            </Fragment>
          ))}
        </tbody>
        {foot}
      </table>
    </section>
  );
}
