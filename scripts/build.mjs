// Writes dist/, the package: the TypeScript in js/ as JavaScript with its types, and the core.
import { spawnSync } from "node:child_process";
import { chmodSync, cpSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const root = join(dirname(fileURLToPath(import.meta.url)), "..");
const tsc = createRequire(import.meta.url).resolve("typescript/bin/tsc");
const dist = join(root, "dist");

rmSync(dist, { recursive: true, force: true });
const { status } = spawnSync(process.execPath, [tsc, "-p", "tsconfig.build.json"], {
  cwd: root,
  stdio: "inherit",
});
if (status !== 0) process.exit(status ?? 1);
for (const name of readdirSync(join(root, "js/core")).filter((name) => !name.startsWith("."))) {
  cpSync(join(root, "js/core", name), join(dist, "core", name));
  if (!name.endsWith(".d.ts")) continue;
  const types = join(dist, "core", name);
  writeFileSync(types, readFileSync(types, "utf8").replace(/(from "\..*)\.ts"/, '$1.js"'));
}
chmodSync(join(dist, "cli/edgegrant.js"), 0o755);
