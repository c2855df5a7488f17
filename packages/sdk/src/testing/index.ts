/** For tests of institutions: a platform and a network within the process. */
export { createTestNetwork, type Fate, type TestNetwork } from './network.ts';
export {
  createTestPlatform,
  type TestPlatform,
  type TestPlatformOptions,
  testGateway,
  testScheme,
} from './platform.ts';
