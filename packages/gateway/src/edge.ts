/** What all operations of the gateway share. */

import type { VerifyingKey } from '@clearway/contract';
import type { Ports } from '@clearway/ports';
import type { Configurator } from './configurator.ts';
import type { Finality } from './finality.ts';
import type { Cell, PaymentView } from './port.ts';
import type { Recent } from './recent.ts';
import type { GatewayRecords } from './records.ts';
import type { GatewaySettings } from './settings.ts';

export interface Edge {
  readonly ports: Ports;
  readonly cell: Cell;
  readonly records: GatewayRecords;
  readonly configurator: Configurator;
  /** The platform's own keys, as told to institutions. */
  readonly platformKeys: readonly VerifyingKey[];
  readonly finality: Finality;
  /** Payments in a final state, so that enquiries about them need not trouble the cell. */
  readonly finalPayments: Recent<string, PaymentView>;
  readonly settings: GatewaySettings;
}
