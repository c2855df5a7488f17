import type { Ports } from '../ports.ts';

export interface Go {
  /** False where there is no such page for this person. */
  page(letter: string): boolean;
  palette(): void;
  help(): void;
  pause(): void;
}

/** After `g` the letter of the page has to come within this. */
const chordMs = 1_200;
const typing = 'input, select, textarea, [contenteditable="true"]';

/** Keys that lead somewhere; none of them carries anything out, and all are off while one types. */
export function listenForKeys(go: Go, ports: Ports): () => void {
  let chordUntil = 0;
  const hear = (event: KeyboardEvent) => {
    if (event.key.toLowerCase() === 'k' && (event.ctrlKey || event.metaKey)) {
      event.preventDefault(); // the browser's own search
      return go.palette();
    }
    const { target } = event;
    if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
    if (target instanceof HTMLElement && (target.matches(typing) || target.closest('dialog') !== null)) return;
    if (ports.now() < chordUntil) {
      chordUntil = 0;
      if (go.page(event.key)) event.preventDefault();
      return;
    }
    switch (event.key) {
      case 'g':
        chordUntil = ports.now() + chordMs;
        return;
      case '/':
        event.preventDefault();
        return document.querySelector<HTMLElement>('[data-seek]')?.focus();
      case 'f': {
        const filter = document.querySelector<HTMLElement>('[data-filter]');
        if (filter === null) return;
        event.preventDefault();
        return filter.focus();
      }
      case 'j':
      case 'k': {
        // From anywhere on the page into its first table; from there on the table listens itself.
        const rows = document.querySelector<HTMLElement>('[data-rows]');
        if (rows === null || rows.contains(document.activeElement)) return;
        rows.focus();
        rows.dispatchEvent(new KeyboardEvent('keydown', { key: event.key, bubbles: true }));
        return;
      }
      case 'p':
        return go.pause();
      case '?':
        return go.help();
    }
  };
  window.addEventListener('keydown', hear);
  return () => window.removeEventListener('keydown', hear);
}
