import { useDesk } from '../desk.tsx';
import { Dialog } from '../parts/dialog.tsx';
import { pagesFor } from './pages.ts';

export function Help({ onClose }: { readonly onClose: () => void }) {
  const { say, login } = useDesk();
  const keys: readonly (readonly [string, string])[] = [
    ['/', say('help.seek')],
    ['Ctrl K', say('help.palette')],
    ['f', say('help.filter')],
    ['j k Enter', say('help.rows')],
    [say('help.space'), say('help.preview')],
    ['c', say('help.copy')],
    ['p', say('help.pause')],
    ['?', say('help.help')],
    ...pagesFor(login?.person.roles ?? []).map(({ letter, title }) => [`g ${letter}`, say(title)] as const),
  ];
  return (
    <Dialog title={say('help.title')} onClose={onClose}>
      <dl className="facts">
        {keys.map(([key, what]) => (
          <div key={key} style={{ display: 'contents' }}>
            <dt>
              <kbd>{key}</kbd>
            </dt>
            <dd>{what}</dd>
          </div>
        ))}
      </dl>
      <div className="row">
        <button type="button" className="button" onClick={onClose}>
          {say('act.close')}
        </button>
      </div>
    </Dialog>
  );
}
