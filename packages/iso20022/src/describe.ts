/** Messages for people's eyes: one line a field, personal data masked. What is not known to be harmless is not shown. */

/** How a field is shown, by its name; a field that is not listed counts as personal and is hidden. */
const faces: Record<string, 'clear' | 'name' | 'number'> = {
  ...Object.fromEntries(
    [
      ...['paymentId', 'agreementId', 'originalPaymentId', 'endToEndId', 'noticeId', 'instructionId', 'reference'],
      ...['kind', 'type', 'state', 'answer', 'reason', 'isoStatus', 'isoReason', 'possibleDuplicate'],
      ...['instructingAgent', 'instructedAgent', 'institution', 'bank', 'participant'],
      ...['amount', 'currency', 'net', 'credits', 'debits', 'creditCount', 'debitCount', 'missing'],
      ...['cycle', 'businessDate', 'expiresAt', 'expiresOn', 'changedAt', 'answeredAt', 'bookedAt', 'settledAt'],
      ...['deadline', 'paymentHash', 'subjectHash', 'suite', 'keyVersion', 'version', 'entry'],
    ].map((field) => [field, 'clear'] as const),
  ),
  name: 'name',
  debtorName: 'name',
  creditorName: 'name',
  account: 'number',
  debtorAccount: 'number',
  creditorAccount: 'number',
  phone: 'number',
  document: 'number',
};

/** First and last character stay: 仲国妮 becomes 仲*妮, 李明 李*. */
export function maskName(name: string): string {
  const characters = [...name];
  const hidden = characters.length - (characters.length > 2 ? 2 : 1);
  const last = characters.length > 2 ? characters.at(-1) : '';
  return characters.length < 2 ? '*' : `${characters[0]}${'*'.repeat(hidden)}${last}`;
}

/** Three characters in front and four behind stay of at least eleven, four behind of at least eight: 186****1402. */
export function maskNumber(number: string): string {
  const characters = [...number];
  const front = characters.length < 11 ? 0 : 3;
  const behind = characters.length < 8 ? 0 : 4;
  const end = characters.length - behind;
  return characters.map((character, index) => (index < front || index >= end ? character : '*')).join('');
}

/** Any JSON message, opened parts too. Fields in their order, objects and lists indented by two spaces. */
export function describe(message: unknown): string {
  return lines('', message, '').join('\n');
}

function lines(field: string, value: unknown, indent: string): string[] {
  if (Array.isArray(value)) {
    return value.flatMap((item, index) => [`${indent}${index + 1}.`, ...lines(field, item, `${indent}  `)]);
  }
  if (typeof value !== 'object' || value === null) return [`${indent}${shown(field, value)}`];
  return Object.entries(value).flatMap(([name, inner]) =>
    typeof inner === 'object' && inner !== null
      ? [`${indent}${name}:`, ...lines(name, inner, `${indent}  `)]
      : [`${indent}${name}: ${shown(name, inner)}`],
  );
}

function shown(field: string, value: unknown): string {
  const text = String(value);
  switch (Object.hasOwn(faces, field) ? faces[field] : undefined) {
    case 'clear':
      return text;
    case 'name':
      return maskName(text);
    case 'number':
      return maskNumber(text);
    default:
      return `(${[...text].length} characters, not shown)`;
  }
}
