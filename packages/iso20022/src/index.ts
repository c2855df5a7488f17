export { describe, maskName, maskNumber } from './describe.ts';
export { type IsoStatus, isoFace, isoReason, isoStatus, timeoutReason } from './status.ts';
