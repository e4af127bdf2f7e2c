/**
 * The keys of the file behind `web.config_file`: those of the Prometheus exporters' own web
 * configuration, so that one file serves all exporters of a machine.
 */
import * as z from "zod";
import * as leaf from "./leaf.ts";

const clientAuthTypes = [
  "NoClientCert",
  "RequestClientCert",
  "RequireAnyClientCert",
  "VerifyClientCertIfGiven",
  "RequireAndVerifyClientCert",
] as const;

/** Go's names for what OpenSSL calls otherwise. Those of TLS 1.3 cannot be chosen, there as here. */
export const cipherNames = {
  TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256: "ECDHE-ECDSA-AES128-GCM-SHA256",
  TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256: "ECDHE-RSA-AES128-GCM-SHA256",
  TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384: "ECDHE-ECDSA-AES256-GCM-SHA384",
  TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384: "ECDHE-RSA-AES256-GCM-SHA384",
  TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256: "ECDHE-ECDSA-CHACHA20-POLY1305",
  TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256: "ECDHE-RSA-CHACHA20-POLY1305",
} as const;

export const curveNames = {
  CurveP256: "prime256v1",
  CurveP384: "secp384r1",
  CurveP521: "secp521r1",
  X25519: "X25519",
} as const;

const namesOf = <T extends object>(map: T) =>
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- what Object.keys says of a constant
  Object.keys(map) as [keyof T & string, ...(keyof T & string)[]];

const version = z.enum(["TLS12", "TLS13"]);

const tls = z.strictObject({
  cert_file: leaf.path,
  key_file: leaf.path,
  client_auth_type: z.enum(clientAuthTypes).default("NoClientCert"),
  client_ca_file: leaf.path.optional(),
  client_allowed_sans: z.array(leaf.words).default([]),
  min_version: version.default("TLS12"),
  max_version: version.default("TLS13"),
  cipher_suites: z.array(z.enum(namesOf(cipherNames))).default([]),
  curve_preferences: z.array(z.enum(namesOf(curveNames))).default([]),
  prefer_server_cipher_suites: z.boolean().default(true),
});

const headers = z.strictObject({
  "Content-Security-Policy": leaf.words.optional(),
  "Strict-Transport-Security": leaf.words.optional(),
  "X-Content-Type-Options": leaf.words.optional(),
  "X-Frame-Options": leaf.words.optional(),
  "X-XSS-Protection": leaf.words.optional(),
});

const http = z.strictObject({
  http2: z.boolean().default(true),
  headers: headers.default({}),
});

export const webSchema = z.strictObject({
  tls_server_config: tls.optional(),
  http_server_config: http.prefault({}),
  basic_auth_users: z.record(z.string(), leaf.bcryptHash).default({}),
});
