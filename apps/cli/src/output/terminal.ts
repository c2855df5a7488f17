/** Where text goes: a terminal, or a file or pipe that wants it plain. */
export interface Terminal {
  write(text: string): void;
  /** Whether a person is looking: bars are drawn in place, else lines are written. */
  readonly isTerminal: boolean;
  /** False without a terminal, and wherever NO_COLOR asks for it. */
  readonly colours: boolean;
  readonly columns: number;
}

const codes = { bold: 1, dim: 2, red: 31, green: 32, yellow: 33, cyan: 36 } as const;
export type Colour = keyof typeof codes;

export function paint(terminal: Pick<Terminal, 'colours'>, colour: Colour, text: string): string {
  return terminal.colours ? `\x1b[${codes[colour]}m${text}\x1b[0m` : text;
}
