/** How long the certificates in a PEM file are valid. A proxy brings its whole chain: each must be. */
import { X509Certificate } from "node:crypto";
import type { CheckTarget } from "../config/config.ts";
import { formatMinute, formatSpan, ms } from "../supervision/time.ts";
import type { Answer, Found } from "./answer.ts";

type Limits = Extract<CheckTarget, { readonly kind: "certificate" }>;

export function judgeCertificates(target: Limits, text: string, now: Date): Answer {
  const { path, warn, fail } = target;
  const blocks = text.match(/-----BEGIN [^-]*CERTIFICATE-----[^-]+-----END [^-]*-----/g) ?? [];
  if (blocks.length === 0) return bad(`${path} holds no certificate in PEM form`);
  const certificates: X509Certificate[] = [];
  for (const block of blocks) {
    try {
      certificates.push(new X509Certificate(block));
    } catch (error) {
      return bad(`${path} holds a certificate that cannot be read: ${String(error)}`);
    }
  }
  const early = certificates.find(({ validFromDate }) => validFromDate > now);
  if (early !== undefined) {
    return bad(`a certificate in ${path} is not valid before ${formatMinute(early.validFromDate)}`);
  }
  const end = new Date(Math.min(...certificates.map(({ validToDate }) => validToDate.getTime())));
  return judgeEnd(path, end, now, { warn, fail });
}

function judgeEnd(
  path: string,
  end: Date,
  now: Date,
  { warn, fail }: Pick<Limits, "warn" | "fail">,
): Found {
  const at = formatMinute(end);
  const left = ms(end.getTime() - now.getTime());
  const cure = `Get a new certificate, and write it to ${path}`;
  if (left <= 0) {
    return bad(
      `the certificate in ${path} expired ${formatSpan(ms(now.getTime() - end.getTime()))} ago, at ${at}`,
      cure,
    );
  }
  const why = `the certificate in ${path} expires in ${formatSpan(left)}, at ${at}`;
  if (left < fail) return bad(`${why}: that is less than ${formatSpan(fail)} (fail)`, cure);
  if (left >= warn) return { kind: "ok", why };
  return { kind: "warn", why, cure, next: `fails in ${formatSpan(ms(left - fail))}` };
}

const bad = (why: string, cure?: string): Found => ({ kind: "fail", why, cure });
