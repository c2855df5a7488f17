/**
 * The first and the last words of a link: JSON, checked by schema. Hello and goodbye may be said before a version is
 * agreed on, so what a newer end adds to them is passed over; a welcome has the fields of its version and no others.
 */
import { type Reason, reasons } from '@clearway/core/vocabulary';
import { type Static, Type } from 'typebox';

const strict = { additionalProperties: false } as const;
const open = { additionalProperties: true } as const;
const Code = Type.String({ pattern: '^[0-9]{5}$' });
const Window = Type.Integer({ minimum: 1, maximum: 1_000_000 });
const Version = Type.Integer({ minimum: 1, maximum: 255 });

/** For whom the link speaks: each signs its own messages. The client certificate must be registered for all of them. */
export const Hello = Type.Object(
  {
    versions: Type.Array(Version, { minItems: 1, maxItems: 16 }),
    schemeId: Type.String({ pattern: '^[\\x21-\\x7e]{1,8}$' }),
    environment: Type.Union([Type.Literal('sandbox'), Type.Literal('production')]),
    participants: Type.Array(Code, { minItems: 1, maxItems: 4096, uniqueItems: true }),
    /** Questions that the banks on this link take at once. */
    window: Window,
    /** Name and version of the speaking software, for the operator's eyes. */
    software: Type.String({ pattern: '^[\\x20-\\x7e]{1,64}$' }),
  },
  open,
);
export type Hello = Static<typeof Hello>;

export const Welcome = Type.Object(
  {
    version: Version,
    /** Number of this stream, for every message on it; never given twice. */
    stream: Type.Integer({ minimum: 1, maximum: Number.MAX_SAFE_INTEGER }),
    /** Payments without an outcome that may be under way on this link. */
    window: Window,
    /** Messages stay without their sender's signature at most so long, ms, and at most so many a signer. */
    uncoveredMs: Type.Integer({ minimum: 1 }),
    uncoveredMessages: Type.Integer({ minimum: 1 }),
    /** Time of the platform, ms: for those whose clock is wrong. */
    now: Type.Integer({ minimum: 0 }),
  },
  strict,
);
export type Welcome = Static<typeof Welcome>;

export const Goodbye = Type.Object(
  {
    reason: Type.Unsafe<Reason>({ type: 'string', enum: Object.keys(reasons) }),
    detail: Type.String({ maxLength: 512 }),
    /** What this end speaks, when the version was the matter. */
    versions: Type.Optional(Type.Array(Version)),
  },
  open,
);
export type Goodbye = Static<typeof Goodbye>;
