/** The people who use the wallet, invented: nothing of them is anybody's. */
export interface Customer {
  /** Code of their bank. */
  readonly bank: string;
  /** From 1; with the bank, who it is. */
  readonly number: number;
  readonly name: string;
  readonly account: string;
  readonly document: string;
  readonly phone: string;
}

/** The same for the same arguments. `wallet`: code of the institution. */
export function makeCustomer(wallet: string, bank: string, number: number): Customer {
  const serial = String(number).padStart(6, '0');
  return {
    bank,
    number,
    name: `Customer ${wallet}-${bank}-${number}`,
    account: `${bank}${wallet}${serial}`,
    document: `990${bank}${wallet.slice(1)}${serial}`,
    phone: `1${bank.slice(-2)}${wallet.slice(-2)}${serial}`,
  };
}

export const customerKey = ({ bank, number }: Pick<Customer, 'bank' | 'number'>): string => `${bank}/${number}`;

export function readCustomerKey(key: string): Pick<Customer, 'bank' | 'number'> {
  const [bank, number] = key.split('/');
  return { bank, number: Number(number) };
}
