/** The form of a request before anything in it is believed: size, address, media type. */
import type { Route } from '@clearway/contract';
import type { HttpRequest } from '@clearway/ports';
import { jsonContentType, largestBody, Refusal } from './call.ts';

/** Compared as they stand: loosely read media types are how checks of bodies have been slipped past elsewhere. */
const contentTypes: readonly string[] = [jsonContentType, `${jsonContentType}; charset=utf-8`];

/** @throws Refusal */
export function checkForm({ url, headers, body }: HttpRequest, route: Route): void {
  if (body.length > largestBody) throw new Refusal('bodyTooLarge', `The body has more than ${largestBody} bytes`);
  if (url.includes('?')) throw new Refusal('fieldInvalid', 'This path takes no query');
  if (!route.request) {
    if (body.length > 0) throw new Refusal('bodyMalformed', 'This request has no body');
    return;
  }
  if (headers['content-encoding'] !== undefined) {
    throw new Refusal('contentTypeUnsupported', 'Bodies come without content-encoding');
  }
  if (!contentTypes.includes(headers['content-type'] ?? '')) {
    throw new Refusal('contentTypeUnsupported', `content-type must be exactly ${contentTypes.join(' or ')}`);
  }
}
