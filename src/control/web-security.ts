/** How the pages are protected: what the configuration says of it, in the form in which it is used here. */

export interface WebSecurity {
  readonly tls: TlsFiles | undefined;
  readonly headers: Readonly<Record<string, string>>;
  /** Bcrypt hashes by name; empty: no password is asked for. */
  readonly users: Readonly<Record<string, string>>;
}

export interface TlsFiles {
  readonly certFile: string;
  readonly keyFile: string;
  readonly clientAuth:
    | "NoClientCert"
    | "RequestClientCert"
    | "RequireAnyClientCert"
    | "VerifyClientCertIfGiven"
    | "RequireAndVerifyClientCert";
  readonly clientCaFile: string | undefined;
  readonly allowedSans: readonly string[];
  readonly minVersion: "TLSv1.2" | "TLSv1.3";
  readonly maxVersion: "TLSv1.2" | "TLSv1.3";
  /** OpenSSL's names; empty: its own choice. */
  readonly ciphers: readonly string[];
  readonly curves: readonly string[];
  readonly prefersOwnCiphers: boolean;
}
