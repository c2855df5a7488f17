/** What the gateway reads from the records: payments and agreements that the cell no longer holds, cycles and files. */

export interface PaymentRecord {
  readonly paymentId: string;
  readonly kind: string;
  readonly instructingAgent: string;
  readonly instructedAgent: string;
  /** Minor units. */
  readonly amount: bigint;
  /** ISO 4217 numeric. */
  readonly currency: number;
  readonly state: string;
  readonly reason: string;
  /** Serial of the cycle of its success, 0 for none. */
  readonly cycle: number;
  readonly changedAt: number;
}

export interface AgreementRecord {
  readonly agreementId: string;
  readonly institution: string;
  readonly bank: string;
  readonly paymentLimit: bigint;
  readonly currency: number;
  readonly expiresOn: number;
  readonly state: string;
  readonly reason: string;
  readonly changedAt: number;
}

export interface CycleRecord {
  readonly cycle: number;
  /** yyyymmdd. */
  readonly businessDate: number;
  readonly state: string;
  /** Times in ms, 0 while not reached. */
  readonly openedAt: number;
  readonly cutOffAt: number;
  readonly nettedAt: number;
  readonly settledAt: number;
  readonly payments: number;
  readonly turnover: bigint;
}

export interface PositionRecord {
  readonly participant: string;
  readonly currency: number;
  readonly credits: bigint;
  readonly debits: bigint;
  readonly creditCount: number;
  readonly debitCount: number;
}

/** A reconciliation file that is written whole. */
export interface FileRecord {
  readonly payments: number;
  readonly bytes: number;
  /** SHA-256 of all bytes, hex. */
  readonly hash: string;
}

export interface FilePartRecord {
  readonly payments: number;
  readonly bytes: number;
  /** SHA-256 of the content, hex. */
  readonly hash: string;
}

export interface GatewayRecords {
  payment(paymentId: string): Promise<PaymentRecord | undefined>;
  agreement(agreementId: string): Promise<AgreementRecord | undefined>;
  /** Newest first. */
  cycles(limit: number): Promise<readonly CycleRecord[]>;
  cycle(cycle: number): Promise<CycleRecord | undefined>;
  positions(cycle: number): Promise<readonly PositionRecord[]>;
  file(cycle: number, participant: string): Promise<FileRecord | undefined>;
  /** Part 1 first. */
  fileParts(cycle: number, participant: string): Promise<readonly FilePartRecord[]>;
  /** Content of one part of a file that is written whole. */
  filePart(cycle: number, participant: string, part: number): Promise<Uint8Array | undefined>;
}
