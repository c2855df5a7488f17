/** Code under which the platform signs, in answers and in deliveries. */
export const platformCode = '00000';
