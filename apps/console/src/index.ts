/** Where the built application is, for the server that gives it out: `index.html` and `assets/`, named by content. */
export const webFolder: URL = new URL('./web/', import.meta.url);
