/** Files with secrets that other users of the machine can read. */
import { parseEnvFile } from "../../config/env-file.ts";
import { isSecretName, maskUrls } from "../../config/secrets.ts";
import { type Examination, seenOf } from "../examination.ts";
import type { Finding } from "../finding.ts";
import type { Eyes } from "../ports.ts";

export const secretFiles: Examination = {
  name: "secret-files",
  finds: "a file with secrets (auth file, prefect.env, the configuration) can be read by others",
  examine: async ({ config, eyes }) => {
    const { authFile } = config.server;
    const { envFile } = config.prefect;
    const files = await Promise.all([
      authFile === undefined ? undefined : fileOf(eyes, authFile, () => true),
      envFile === undefined ? undefined : fileOf(eyes, envFile, hasSecrets),
      config.file === undefined ? undefined : fileOf(eyes, config.file, hasSecretsInYaml),
    ]);
    return judgeFiles(files.filter((file) => file !== undefined));
  },
};

export interface SecretFile {
  readonly path: string;
  readonly mode: number;
  readonly holdsSecrets: boolean;
}

async function fileOf(
  eyes: Eyes,
  path: string,
  holdsSecrets: (text: string) => boolean,
): Promise<SecretFile | undefined> {
  const [entry, text] = await Promise.all([eyes.entry(path), eyes.read(path)]);
  const mode = seenOf(entry)?.mode;
  return mode === undefined
    ? undefined
    : { path, mode, holdsSecrets: holdsSecrets(seenOf(text) ?? "") };
}

export const judgeFiles = (files: readonly SecretFile[]): readonly Finding[] =>
  files
    .filter(({ mode, holdsSecrets }) => holdsSecrets && (mode & 0o004) !== 0)
    .map(({ path, mode }) => ({
      id: `secret-files:${path}`,
      severity: "fault",
      what: `${path} holds a password or a key, and every user of this machine can read it (mode ${(mode & 0o777).toString(8).padStart(4, "0")})`,
      why: "whoever has it can use Prefect, or what the key is for, as you",
      cure: `\`chmod o-rwx ${path}\`, and change what was readable`,
    }));

export const hasSecrets = (text: string): boolean =>
  parseEnvFile(text).entries.some(
    ({ name, value }) => value !== "" && (isSecretName(name) || maskUrls(value) !== value),
  );

/** Passwords in addresses, and variables with such names; a file that is named is no secret. */
export const hasSecretsInYaml = (text: string): boolean =>
  text.split("\n").some((line) => {
    const [, name = "", value = ""] = /^\s*([A-Z][A-Z0-9_]*)\s*:\s*(\S.*)$/.exec(line) ?? [];
    const isComment = line.trimStart().startsWith("#");
    return !isComment && ((value !== "" && isSecretName(name)) || maskUrls(line) !== line);
  });
