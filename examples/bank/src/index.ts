export type {
  BankControl,
  BankProblem,
  BankReady,
  BankReconciliation,
  BankReport,
  BankStatistics,
} from './report.ts';
export type { BankBehaviour, BankSettings } from './settings.ts';
