/** As JSON, with the version of its shape: raised when a field changes its meaning or goes. */
export const asJson = (content: object): string =>
  `${JSON.stringify({ version: 1, ...content }, null, 2)}\n`;
