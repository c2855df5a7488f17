/** The public door of the gateway. Reading order: port.ts, gateway.ts, payments.ts, deliverer.ts. */
export type { Configurator } from './configurator.ts';
export { settlementInstructionId } from './cycles.ts';
export { createGateway, type Gateway, type GatewayOptions } from './gateway.ts';
export type { Log } from './log.ts';
export { type Counter, createMetrics, type Histogram, type Metrics, metricsContentType } from './metrics.ts';
export { platformCode } from './platform.ts';
export * from './port.ts';
export type {
  AgreementRecord,
  CycleRecord,
  FilePartRecord,
  FileRecord,
  GatewayRecords,
  PaymentRecord,
  PositionRecord,
} from './records.ts';
export { routedCell } from './routed-cell.ts';
export { defaultSettings, type GatewaySettings } from './settings.ts';
export * from './stream/index.ts';
