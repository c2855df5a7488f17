/** The console as the command line asks it: by the same API and with the same rights as the pages. */
import type { Problem } from '@clearway/console-api';
import { CommandError, exitCodes } from '../given.ts';

/** Of a login; only for its owner's eyes. */
export interface SavedLogin {
  readonly url: string;
  readonly token: string;
}

/** What the outside world gives; main.ts makes the real one. */
export interface DeskSurroundings {
  /** Address of the console of CLEARWAY_DATA; undefined when none is running there. */
  address(): string | undefined;
  saved(): SavedLogin | undefined;
  save(login: SavedLogin | undefined): void;
  /** `hidden`: what is typed is not shown. */
  prompt(question: string, how: 'shown' | 'hidden'): Promise<string>;
  /** @throws Error when nothing answers */
  request(asked: {
    readonly method: string;
    readonly url: string;
    readonly headers: Readonly<Record<string, string>>;
    readonly body: string | undefined;
  }): Promise<{ readonly status: number; readonly contentType: string; readonly text: string }>;
}

export interface Desk {
  /** The answer: a JSON value, or the text of a file; undefined for none. @throws CommandError with the problem */
  ask(method: string, path: string, body?: unknown): Promise<unknown>;
}

/** Asks at an address, with a token where there is one. */
export function openDesk(surroundings: DeskSurroundings, url: string, token: string | undefined): Desk {
  return {
    async ask(method, path, body) {
      const answer = await surroundings
        .request({
          method,
          url: `${url}${path}`,
          headers: {
            ...(token !== undefined && { authorization: `Bearer ${token}` }),
            ...(body !== undefined && { 'content-type': 'application/json' }),
          },
          body: body === undefined ? undefined : JSON.stringify(body),
        })
        .catch((error: Error) => {
          throw new CommandError(`No console answers at ${url}: ${error.message}`, exitCodes.unavailable);
        });
      const value = /json/.test(answer.contentType) ? JSON.parse(answer.text) : answer.text;
      if (answer.status < 400) return answer.status === 204 ? undefined : value;
      const { title, detail, help, reason } = value as Problem;
      const what = detail === help ? title : `${title}: ${detail}`;
      throw new CommandError(
        `${what} (${reason})\n${help}`,
        answer.status >= 500 ? exitCodes.unavailable : exitCodes.no,
      );
    },
  };
}

/** As whoever has logged in. @throws CommandError when nobody has */
export function openOwnDesk(surroundings: DeskSurroundings): Desk {
  const login = surroundings.saved();
  if (login === undefined) throw new CommandError('You are not logged in: clearway login', exitCodes.usage);
  return openDesk(surroundings, login.url, login.token);
}
