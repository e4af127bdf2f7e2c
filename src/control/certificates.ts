/** The certificate and key of the pages: read anew when one of their files has changed. */
import { readFile, stat } from "node:fs/promises";
import { createSecureContext, type SecureContextOptions, type TlsOptions } from "node:tls";
import type { TlsFiles } from "./web-security.ts";

export type ReadCertificates =
  | { readonly kind: "read"; readonly options: SecureContextOptions }
  | { readonly kind: "failed"; readonly why: string };

export class Certificates {
  readonly #files: TlsFiles;
  #seen = "";

  constructor(files: TlsFiles) {
    this.#files = files;
  }

  /** Undefined if all files are as they were when they were read last, well or not. Never rejects. */
  async changed(): Promise<ReadCertificates | undefined> {
    try {
      const now = await this.#stamp();
      if (now === this.#seen) return undefined;
      this.#seen = now;
      const options = await this.#read();
      // Whether key and certificate belong together shows only here.
      createSecureContext(options);
      return { kind: "read", options };
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error);
      return { kind: "failed", why: `${this.#files.certFile}, ${this.#files.keyFile}: ${why}` };
    }
  }

  async #stamp(): Promise<string> {
    const stamps = await Promise.all(
      this.#paths().map(async (path) => {
        const { mtimeMs, size, ino } = await stat(path);
        return [mtimeMs, size, ino].join(":");
      }),
    );
    return stamps.join(" ");
  }

  async #read(): Promise<SecureContextOptions> {
    const { certFile, keyFile, clientCaFile, minVersion, maxVersion, ciphers, curves } =
      this.#files;
    const [cert, key, ca] = await Promise.all([
      readFile(certFile),
      readFile(keyFile),
      clientCaFile === undefined ? undefined : readFile(clientCaFile),
    ]);
    return {
      cert,
      key,
      ...(ca === undefined ? {} : { ca }),
      minVersion,
      maxVersion,
      ...(ciphers.length === 0 ? {} : { ciphers: [...ciphers, ...tls13].join(":") }),
      ...(curves.length === 0 ? {} : { ecdhCurve: curves.join(":") }),
      honorCipherOrder: this.#files.prefersOwnCiphers,
    };
  }

  #paths(): readonly string[] {
    const { certFile, keyFile, clientCaFile } = this.#files;
    return [certFile, keyFile, ...(clientCaFile === undefined ? [] : [clientCaFile])];
  }
}

/** Nobody chooses among them; left out of the list, OpenSSL would not offer them. */
const tls13 = ["TLS_AES_128_GCM_SHA256", "TLS_AES_256_GCM_SHA384", "TLS_CHACHA20_POLY1305_SHA256"];

export function clientRules({
  clientAuth,
}: TlsFiles): Pick<TlsOptions, "requestCert" | "rejectUnauthorized"> {
  return {
    requestCert: clientAuth !== "NoClientCert",
    rejectUnauthorized: clientAuth === "RequireAndVerifyClientCert",
  };
}

export interface ClientFacts {
  readonly hasCertificate: boolean;
  /** Whether it was signed by one of `client_ca_file`. */
  readonly isVerified: boolean;
  /** As Node writes them: `DNS:a, IP Address:127.0.0.1`. */
  readonly subjectAltName: string | undefined;
}

/** Whether the client of a connection may speak at all. */
export function isWelcome(
  { clientAuth, allowedSans }: Pick<TlsFiles, "clientAuth" | "allowedSans">,
  { hasCertificate, isVerified, subjectAltName }: ClientFacts,
): boolean {
  if (!hasCertificate) return !/^Require/.test(clientAuth) && allowedSans.length === 0;
  if (/Verify/.test(clientAuth) && !isVerified) return false;
  const names = (subjectAltName ?? "").split(", ").map((name) => name.replace(/^[\w ]+:/, ""));
  return allowedSans.length === 0 || allowedSans.some((san) => names.includes(san));
}
