/** Centres and their cells as tiles: state, traffic, latency, lag. A schematic, not a map. */
import type { CellState, Figures } from '@clearway/console-api';
import { useDesk } from '../../desk.tsx';
import { countText, noData, rateText } from '../../format/count.ts';
import { Mark } from '../../parts/mark.tsx';
import { Link } from '../../place/use-place.tsx';
import { type Say, wordFor } from '../../words/say.ts';
import { Block } from './wall.tsx';

/** "1 of 2 cells, 010002 missing" */
export function cellsAwayText(say: Say, cells: readonly CellState[]): string {
  const away = cells.filter(({ state }) => state === 'unreachable').map(({ cell }) => cell);
  return say('wall.cellsAway', {
    here: cells.length - away.length,
    all: cells.length,
    missing: away.join(' '),
  });
}

export function CellsBlock({ figures }: { readonly figures: Figures }) {
  const { say } = useDesk();
  const centres = [...new Set(figures.cells.map(({ centre }) => centre))].sort((a, b) => a - b);
  return (
    <Block area="cells" title={say('wall.cells')}>
      <div className="centres">
        {centres.map((centre) => (
          <div key={centre} className="centre">
            <h3>{say('wall.centre', { centre: String(centre).padStart(2, '0') })}</h3>
            <div className="tiles">
              {figures.cells
                .filter((cell) => cell.centre === centre)
                .map((cell) =>
                  figures.cells.length === 1 ? (
                    <Tile key={cell.cell} cell={cell} />
                  ) : (
                    <SmallTile key={cell.cell} cell={cell} hasRoom={centres.length === 1} />
                  ),
                )}
            </div>
          </div>
        ))}
      </div>
    </Block>
  );
}

const number = (value: number | null) => (value === null ? noData : countText(value));

function Tile({ cell }: { readonly cell: CellState }) {
  const { say } = useDesk();
  return (
    <Link href={`/operations/cells/${cell.cell}`} className="tile" data-state={cell.state}>
      <span className="tile-name">
        {cell.state !== 'serving' && <Mark shape="P1" />}
        {cell.cell} <small>{wordFor(say, 'cell', cell.state)}</small>
      </span>
      <strong>
        {cell.rate === null ? noData : rateText(cell.rate)}
        <small>{say('wall.perSecond')}</small>
      </strong>
      <dl>
        <dt>p99</dt>
        <dd>{number(cell.p99Ms)} ms</dd>
        <dt>{say('wall.flush')}</dt>
        <dd>{number(cell.flush?.p99Ms ?? null)} ms</dd>
        <dt>{say('wall.lag')}</dt>
        <dd>{number(cell.recordsLag)}</dd>
        <dt>{say('wall.epoch')}</dt>
        <dd>{number(cell.epoch)}</dd>
      </dl>
    </Link>
  );
}

/** Where there are several: the traffic that each has, and the first sign that it suffers. */
function SmallTile({ cell, hasRoom }: { readonly cell: CellState; readonly hasRoom: boolean }) {
  const { say } = useDesk();
  const isServing = cell.state === 'serving';
  return (
    <Link
      href={`/operations/cells/${cell.cell}`}
      className={hasRoom ? 'tile small' : 'tile bare'}
      data-state={cell.state}
    >
      <span className="tile-name">
        {!isServing && <Mark shape="P1" />}
        {cell.cell}
      </span>
      <strong>
        {isServing ? (cell.rate === null ? noData : rateText(cell.rate)) : wordFor(say, 'cell', cell.state)}
        {isServing && <small>{say('wall.perSecond')}</small>}
      </strong>
      {hasRoom && (
        <dl>
          <dt>p99</dt>
          <dd>{number(cell.p99Ms)} ms</dd>
          <dt>{say('wall.lag')}</dt>
          <dd>{number(cell.recordsLag)}</dd>
        </dl>
      )}
    </Link>
  );
}
