/** Keeps what is nobody's business out of faults, warnings and `config show`. */

export const mask = "****";

export const isSecretName = (name: string): boolean =>
  /KEY|TOKEN|SECRET|PASSWORD|PASSWD|PASSPHRASE|CREDENTIAL|AUTH/i.test(name);

/** Hides the password of every URL in a text; user and host stay, they tell one database from another. */
export function maskUrls(text: string): string {
  return text
    .replace(/(:\/\/[^:/@\s]*):[^\s]*@/g, `$1:${mask}@`)
    .replace(/([?&][^=&\s]*(?:password|passwd|token|key|secret)[^=&\s]*=)[^&\s]*/gi, `$1${mask}`);
}

/** The value of a variable as it may be shown. */
export const maskVariable = (name: string, value: string): string =>
  isSecretName(name) && value !== "" ? mask : maskUrls(value);
