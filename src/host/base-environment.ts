/**
 * What of the daemon's environment its children get. A list of what they may have, not of what they
 * may not: systemd's variables would have them answer for us, and Python's and Prefect's would
 * change what a unit's own configuration says.
 */
const passed: ReadonlySet<string> = new Set([
  "HOME",
  "PATH",
  "USER",
  "LOGNAME",
  "SHELL",
  "LANG",
  "LANGUAGE",
  "TZ",
  "TMPDIR",
  "SSL_CERT_FILE",
  "SSL_CERT_DIR",
  "REQUESTS_CA_BUNDLE",
  "CURL_CA_BUNDLE",
  "KRB5CCNAME",
  "SSH_AUTH_SOCK",
  "LD_LIBRARY_PATH",
]);

const passedPattern = /^(LC_[A-Z]+|XDG_[A-Z_]+|(http|https|ftp|all|no)_proxy)$/;
const passedProxy = /^(HTTP|HTTPS|FTP|ALL|NO)_PROXY$/;

export function baseEnvironment(
  own: Readonly<Record<string, string | undefined>>,
): Readonly<Record<string, string>> {
  const isPassed = (name: string): boolean =>
    passed.has(name) || passedPattern.test(name) || passedProxy.test(name);
  return Object.fromEntries(
    Object.entries(own).flatMap(([name, value]) =>
      value !== undefined && isPassed(name) ? [[name, value]] : [],
    ),
  );
}
