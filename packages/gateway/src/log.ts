/**
 * A structured line of the log. Fields are codes, identifiers, reasons and durations: never a body, a key, an account
 * or a name.
 */
export type Log = (event: string, fields: Readonly<Record<string, string | number | boolean>>) => void;
