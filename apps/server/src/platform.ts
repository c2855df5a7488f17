/** The platform's own code among the participants' codes. */
export const platformCode = '00000';
