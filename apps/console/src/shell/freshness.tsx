/** How old the live figures are, always in sight; and a line across the page when they are too old to be believed. */
import { lateMs } from '../api/live.ts';
import { useDesk, useLive, useTick } from '../desk.tsx';
import { ageText, clockText } from '../format/time.ts';

const lookMs = 250;

export function Freshness() {
  const { live, say } = useDesk();
  const { isPaused, figures } = useLive();
  useTick(lookMs);
  const age = live.age();
  if (isPaused) {
    return (
      <button type="button" className="button small" onClick={() => live.pause(false)}>
        {say('live.paused', { age: ageText(age) })}
      </button>
    );
  }
  return (
    <span className="freshness" data-age={figures === undefined ? 'none' : age > lateMs ? 'late' : 'fresh'}>
      {figures === undefined
        ? say('live.connecting')
        : say(age > lateMs ? 'live.late' : 'live.age', { age: ageText(age) })}
    </span>
  );
}

/** Said within three seconds of the last figures, with their time; gone by itself when they come again. */
export function StaleLine({ isFull = false }: { readonly isFull?: boolean }) {
  const { live, say, zone, gate } = useDesk();
  const { figures, isPaused } = useLive();
  useTick(lookMs);
  const age = live.age();
  const isLate = !isPaused && figures !== undefined && age > lateMs && gate !== 'expired';
  return (
    <div role="status">
      {isLate && (
        <>
          <p className={isFull ? 'stale-line whole' : 'stale-line'} data-stale>
            {say('live.lost', { age: ageText(age), at: clockText(Date.parse(figures.at), zone) })}
          </p>
          <i className="stale-edge" />
        </>
      )}
    </div>
  );
}
