// Bundles the program into dist/: the entry, and a chunk for each part that is imported lazily.
// The package (scripts/package.ts) takes the same files.
import { mkdirSync, readdirSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { build, type Plugin } from "esbuild";

const root = join(import.meta.dirname, "..");
const dist = join(root, "dist");
const weekMs = 7 * 24 * 3600 * 1000;

/**
 * `await import("yaml")`, a CommonJS package, would have no named exports in the bundle, though it has
 * them in Node. Asks Node which, and gives the bundle the same.
 */
const lazyCommonJs: Plugin = {
  name: "lazy-commonjs",
  setup(bundler) {
    bundler.onResolve({ filter: /^[^./]/ }, ({ path, kind }) =>
      kind === "dynamic-import" && !path.startsWith("node:")
        ? { path, namespace: "lazy" }
        : undefined,
    );
    bundler.onLoad({ filter: /./, namespace: "lazy" }, async ({ path }) => {
      const module: object = await import(path);
      const names = Object.keys(module);
      const from = JSON.stringify(path);
      if (!names.includes("module.exports")) {
        const defaults = names.includes("default") ? `export { default } from ${from};` : "";
        return { contents: `export * from ${from}; ${defaults}`, resolveDir: root };
      }
      const named = names.filter((name) => name !== "default" && name !== "module.exports");
      const exported = named.map(
        (name, at) => `const _${at} = all[${JSON.stringify(name)}]; export { _${at} as ${name} };`,
      );
      return {
        contents: [`import all from ${from}; export default all;`, ...exported].join("\n"),
        resolveDir: root,
      };
    });
  },
};

/**
 * An `import` of node:http reads all its exports, a lazy WebSocket among them, which loads the whole
 * of Node's own HTTP client: 7 MiB for a program that serves. To `require` it reads none.
 */
const withoutWebSocket: Plugin = {
  name: "without-websocket",
  setup(bundler) {
    bundler.onResolve({ filter: /^node:https?$/ }, ({ path }) => ({ path, namespace: "builtin" }));
    bundler.onLoad({ filter: /./, namespace: "builtin" }, ({ path }) => ({
      contents: `module.exports = process.getBuiltinModule(${JSON.stringify(path)});`,
    }));
  },
};

/**
 * The Prometheus client loads its push gateway and its clusters whether or not they are used, and
 * with them TLS and the cluster module: 3 MiB of a daemon that has neither.
 */
const withoutUnusedMetrics: Plugin = {
  name: "without-unused-metrics",
  setup(bundler) {
    const unused = /^\.\/lib\/(pushgateway|cluster|worker)$/;
    bundler.onResolve({ filter: unused }, ({ path, importer }) =>
      /prom-client|@prometheus-io/.test(importer) ? { path, namespace: "unused" } : undefined,
    );
    bundler.onLoad({ filter: /./, namespace: "unused" }, () => ({ contents: "" }));
  },
};

/** The program names its version by its manifest. */
const withVersion = (version: string): Plugin => ({
  name: "with-version",
  setup(bundler) {
    bundler.onLoad({ filter: /package\.json$/ }, ({ path }) =>
      path === join(root, "package.json")
        ? { contents: JSON.stringify({ version }), loader: "json" }
        : undefined,
    );
  },
});

/**
 * The files of the program by their paths in dist/.
 *
 * @param version another one than that of package.json
 * @throws when a source has a fault; esbuild has printed it
 */
export async function bundle(version?: string): Promise<ReadonlyMap<string, Uint8Array>> {
  const { outputFiles } = await build({
    absWorkingDir: root,
    entryPoints: {
      "sails-supervisor": "src/main.ts",
      "password-worker": "src/control/password-worker.ts",
    },
    outdir: dist,
    chunkNames: "chunks/[name]-[hash]",
    bundle: true,
    splitting: true,
    platform: "node",
    format: "esm",
    target: "node24",
    minify: true,
    // Errors and logs name classes and functions.
    keepNames: true,
    sourcemap: "linked",
    // Some dependencies are CommonJS and call require. The long name cannot meet a minified one.
    banner: {
      js: "import{createRequire as bundleCreateRequire}from'node:module';const require=bundleCreateRequire(import.meta.url);",
    },
    plugins: [
      lazyCommonJs,
      withoutWebSocket,
      withoutUnusedMetrics,
      ...(version === undefined ? [] : [withVersion(version)]),
    ],
    logLevel: "warning",
    write: false,
  });
  return new Map(outputFiles.map(({ path, contents }) => [relative(dist, path), contents]));
}

/** The entry comes last and by a rename: whoever starts meanwhile gets the old program or the new one. */
function write(files: ReadonlyMap<string, Uint8Array>): void {
  const isEntry = (path: string): boolean => !path.includes("/") && path.endsWith(".js");
  for (const [path, contents] of [...files].toSorted(
    ([a], [b]) => Number(isEntry(a)) - Number(isEntry(b)),
  )) {
    const file = join(dist, path);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(`${file}.new`, contents);
    renameSync(`${file}.new`, file);
  }
}

/** A daemon that still runs the former build may yet import one of its chunks. */
function removeOld(files: ReadonlyMap<string, Uint8Array>): void {
  for (const entry of readdirSync(dist, { recursive: true, withFileTypes: true })) {
    const path = join(entry.parentPath, entry.name);
    const isOld = (): boolean => Date.now() - statSync(path).mtimeMs > weekMs;
    if (entry.isFile() && !files.has(relative(dist, path)) && isOld()) rmSync(path);
  }
}

if (import.meta.main) {
  const files = await bundle().catch(() => process.exit(1)); // It has printed why.
  write(files);
  removeOld(files);
}
