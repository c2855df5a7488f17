/** Centres and their cells as tiles: state, traffic, latency, lag. A schematic, not a map. */
import type { CellState, Figures } from '@clearway/console-api';
import { useDesk } from '../../desk.tsx';
import { countText, noData, rateText } from '../../format/count.ts';
import { Mark } from '../../parts/mark.tsx';
import { Link } from '../../place/use-place.tsx';
import { wordFor } from '../../words/say.ts';
import { Block } from './wall.tsx';

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
                .map((cell) => (
                  <Tile key={cell.cell} cell={cell} />
                ))}
            </div>
          </div>
        ))}
      </div>
    </Block>
  );
}

function Tile({ cell }: { readonly cell: CellState }) {
  const { say } = useDesk();
  const number = (value: number | null) => (value === null ? noData : countText(value));
  return (
    <Link href="/operations" className="tile" data-state={cell.state}>
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
        <dd>{number(cell.flush?.meanMs ?? null)} ms</dd>
        <dt>{say('wall.lag')}</dt>
        <dd>{number(cell.recordsLag)}</dd>
        <dt>{say('wall.epoch')}</dt>
        <dd>{number(cell.epoch)}</dd>
      </dl>
    </Link>
  );
}
