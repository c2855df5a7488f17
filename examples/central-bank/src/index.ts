export type { CentralBankControl, CentralBankReady, CentralBankReport, CentralBankStatistics } from './report.ts';
export type { CentralBankSettings } from './settings.ts';
