/** Certificates for loopback, made by openssl: a test needs new ones, for they come to their end. */
import { execFileSync } from "node:child_process";
import { join } from "node:path";

/** `NAME.pem` and `NAME.key` in the folder; signed by `ISSUER.pem` there, else by itself. */
export function makeCertificate(folder: string, name: string, issuer?: string): void {
  const path = (file: string): string => join(folder, file);
  const signed =
    issuer === undefined ? [] : ["-CA", path(`${issuer}.pem`), "-CAkey", path(`${issuer}.key`)];
  const words = [
    ...["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"],
    ...["-subj", `/CN=${name}`, "-addext", `subjectAltName=IP:127.0.0.1,DNS:${name}`],
    ...["-days", "2", "-keyout", path(`${name}.key`), "-out", path(`${name}.pem`)],
    ...signed,
  ];
  execFileSync("openssl", words, { stdio: "ignore" });
}
