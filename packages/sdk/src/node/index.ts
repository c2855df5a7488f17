export type { EndpointSettings, InstitutionSettings } from './institution-settings.ts';
