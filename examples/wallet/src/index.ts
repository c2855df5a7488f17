export type {
  Latency,
  WalletControl,
  WalletProblem,
  WalletReady,
  WalletReconciliation,
  WalletRecorded,
  WalletReport,
  WalletStatistics,
} from './report.ts';
export type { WalletSettings } from './settings.ts';
