import type { Login, LoginRequest } from '@clearway/console-api';
import type { Command } from 'commander';
import { CommandError, exitCodes, type Given } from '../given.ts';
import { openDesk, openOwnDesk } from './desk.ts';

/** `clearway login` and `clearway logout`. */
export function loginCommands(program: Command, given: Given): void {
  program
    .command('login')
    .description('log in to the console with password and one-time code; what is typed goes nowhere else')
    .option('--url <address>', 'of the console; default: the one of CLEARWAY_DATA')
    .option('--name <login>', 'who you are; asked for if it is missing')
    .action(async ({ url, name }: { url?: string; name?: string }) => {
      const { desk } = given;
      const address = (url ?? desk.address())?.replace(/\/$/, '');
      if (address === undefined) {
        throw new CommandError('No console runs on CLEARWAY_DATA: name one with --url.', exitCodes.unavailable);
      }
      const request: LoginRequest = {
        login: name ?? (await desk.prompt('login: ', 'shown')),
        password: await desk.prompt('password: ', 'hidden'),
        code: await desk.prompt('one-time code: ', 'shown'),
        keep: 'token',
      };
      const login = (await openDesk(desk, address, undefined).ask('POST', '/api/v1/login', request)) as Login;
      desk.save({ url: address, token: login.token! });
      const { person, endsAt, actsUntil } = login;
      given.answer(
        { person, endsAt, actsUntil },
        () =>
          `Logged in as ${person.name} (${person.roles.join(', ')}), until ${endsAt}; you may act until ${actsUntil}.\n`,
      );
    });

  program
    .command('logout')
    .description('end the login')
    .action(async () => {
      const { desk } = given;
      await openOwnDesk(desk).ask('DELETE', '/api/v1/login');
      desk.save(undefined);
      given.answer({ loggedOut: true }, () => 'Logged out.\n');
    });
}
