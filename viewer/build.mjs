// Builds the front end into the Python package: one script, one style sheet, and the licences of what is in them.
import { build } from "esbuild";
import { mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const here = dirname(fileURLToPath(import.meta.url));
const out = process.argv[2] ?? join(here, "..", "src", "tokentape", "viewer", "bundle");

const result = await build({
  absWorkingDir: here,
  entryPoints: { viewer: "src/main.tsx" },
  outdir: out,
  bundle: true,
  minify: true,
  metafile: true,
  write: false,
  format: "iife",
  target: ["es2022"],
  charset: "ascii",
  jsx: "automatic",
  jsxImportSource: "preact",
  legalComments: "none",
  logLevel: "warning",
});

await mkdir(out, { recursive: true });
for (const file of result.outputFiles) await writeFile(file.path, file.text.trimEnd() + "\n");

const used = new Set(
  Object.keys(result.metafile.inputs)
    .map((path) => /^node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(path)?.[1])
    .filter((name) => name !== undefined),
);
const notices = [];
for (const name of [...used].sort()) {
  const folder = join(here, "node_modules", name);
  const { version, license } = JSON.parse(await readFile(join(folder, "package.json"), "utf8"));
  const file = (await readdir(folder)).find((entry) => /^licen[cs]e/i.test(entry));
  if (!file) throw new Error(`${name} has no licence file`);
  const text = (await readFile(join(folder, file), "utf8")).replace(/\r\n/g, "\n").trim();
  notices.push(`${name} ${version} (${license})\n\n${text}\n`);
}
const head = "viewer.js and viewer.css hold parts of these packages.\n";
await writeFile(join(out, "NOTICE.txt"), [head, ...notices].join("\n" + "-".repeat(78) + "\n\n"));
