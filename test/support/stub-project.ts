/** Projects whose lock installs a Prefect of a few lines, from wheels that the test makes: no network, no waiting. */
import { execFile } from "node:child_process";
import { existsSync, globSync } from "node:fs";
import { mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import { promisify } from "node:util";
import type { TestContext } from "vitest";
import type { Environment } from "./daemon-process.ts";

const run = promisify(execFile);

/** Skips the test, with the reason, where there is no uv. */
export function uvProgram(ctx: Pick<TestContext, "skip">): string {
  const onPath = (process.env["PATH"] ?? "").split(":");
  const folders = [...globSync(resolve(".tools/uv-*/bin")), ...onPath];
  const found = folders.map((folder) => join(folder, "uv")).find((file) => existsSync(file));
  if (found === undefined) ctx.skip("there is no uv: scripts/test gets it");
  return found ?? "uv";
}

export class StubProject {
  readonly directory: string;
  readonly #wheels: string;
  readonly #uv: string;
  readonly #cache: string;

  private constructor(folder: string, uv: string) {
    this.directory = join(folder, "project");
    this.#wheels = join(folder, "wheels");
    this.#cache = join(folder, "cache");
    this.#uv = uv;
  }

  /** With the Prefects 0.1 and 0.2, and 0.3, whose server cannot be imported. */
  static async make(folder: string, uv: string): Promise<StubProject> {
    const project = new StubProject(folder, uv);
    await mkdir(project.directory, { recursive: true });
    await mkdir(project.#wheels, { recursive: true });
    await project.#wheel("0.1", "");
    await project.#wheel("0.2", "");
    await project.#wheel("0.3", "raise TypeError('Body() got an unexpected keyword argument')");
    return project;
  }

  /** Of a daemon, or of a uv by hand. */
  get environment(): Environment {
    const { PATH = "" } = process.env;
    return {
      PATH: `${dirname(this.#uv)}:${PATH}`,
      UV_OFFLINE: "1",
      UV_FIND_LINKS: this.#wheels,
      UV_CACHE_DIR: this.#cache,
    };
  }

  async write(name: string, text: string): Promise<void> {
    const file = join(this.directory, name);
    await mkdir(dirname(file), { recursive: true });
    await writeFile(file, text);
  }

  requirements(...lines: readonly string[]): Promise<void> {
    return this.write("requirements-locked.txt", lines.map((line) => `${line}\n`).join(""));
  }

  /** `uv …` in the project's folder. */
  async uv(...args: readonly string[]): Promise<void> {
    await run(this.#uv, args, {
      cwd: this.directory,
      env: { ...process.env, ...this.environment },
    });
  }

  /** Each file with its content. */
  async content(): Promise<Readonly<Record<string, string>>> {
    const entries = await readdir(this.directory, { recursive: true, withFileTypes: true });
    const files = entries.filter((entry) => entry.isFile());
    const read = files.map(async ({ parentPath, name }) => {
      const file = join(parentPath, name);
      return [file, await readFile(file, "utf8")] as const;
    });
    return Object.fromEntries(await Promise.all(read));
  }

  async #wheel(version: string, server: string): Promise<void> {
    const folder = join(this.#wheels, `../wheel-${version}`);
    const about = `prefect-${version}.dist-info`;
    const main = `import sys\ndef main():\n    print("${version}" if "--version" in sys.argv else "help")\n`;
    const files = {
      "prefect/__init__.py": main,
      "prefect/server/__init__.py": "",
      "prefect/server/api/__init__.py": "",
      "prefect/server/api/server.py": `${server}\n`,
      [`${about}/METADATA`]: `Metadata-Version: 2.1\nName: prefect\nVersion: ${version}\n`,
      [`${about}/WHEEL`]:
        "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
      [`${about}/entry_points.txt`]: "[console_scripts]\nprefect = prefect:main\n",
    };
    const record = [...Object.keys(files), `${about}/RECORD`].map((name) => `${name},,\n`).join("");
    for (const [name, text] of Object.entries({ ...files, [`${about}/RECORD`]: record })) {
      await mkdir(dirname(join(folder, name)), { recursive: true });
      await writeFile(join(folder, name), text);
    }
    const wheel = join(this.#wheels, `prefect-${version}-py3-none-any.whl`);
    await run("python3", ["-m", "zipfile", "-c", wheel, "prefect", about], { cwd: folder });
  }
}

/** A package that is built by a backend of its own: `hook` is Python, run before the wheel is made. */
export const packageFiles = (name: string, hook: string): Readonly<Record<string, string>> => ({
  "pyproject.toml": `[project]
name = "${name}"
version = "1.0"
[build-system]
requires = []
build-backend = "backend"
backend-path = ["."]
`,
  [`${name}.py`]: "x = 1\n",
  "backend.py": `import zipfile
about = "${name}-1.0.dist-info"
def build_wheel(folder, settings=None, metadata=None):
    ${hook}
    with zipfile.ZipFile(f"{folder}/${name}-1.0-py3-none-any.whl", "w") as wheel:
        wheel.write("${name}.py")
        wheel.writestr(f"{about}/METADATA", "Metadata-Version: 2.1\\nName: ${name}\\nVersion: 1.0\\n")
        wheel.writestr(f"{about}/WHEEL", "Wheel-Version: 1.0\\nGenerator: t\\nRoot-Is-Purelib: true\\nTag: py3-none-any\\n")
        wheel.writestr(f"{about}/RECORD", "")
    return "${name}-1.0-py3-none-any.whl"
`,
});
