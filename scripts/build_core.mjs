// Compiles the core to WebAssembly and writes js/core: the module, and its glue as a factory.
//
//   node scripts/build_core.mjs            js/core, release
//   node scripts/build_core.mjs --faults   tests/js/core, with the paths that trap on purpose
//
// wasm-bindgen's own ES module glue keeps its instance in module scope, so there is one instance
// for ever. The `no-modules` glue keeps it in a closure: wrapped in a function, each call makes a
// fresh one, and a trapped instance can be replaced. Nothing is evaluated from text at run time,
// which Workers forbid.
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { delimiter, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const root = join(dirname(fileURLToPath(import.meta.url)), "..");
const variants = {
  release: { out: "js/core", pkg: "pkg", types: "../types.ts", flags: ["--release", "--", "--locked"] },
  // Unoptimized, and so built from the same compiled dependencies as the tests.
  faults: {
    out: "tests/js/core",
    pkg: "pkg-faults",
    types: "../../../js/types.ts",
    flags: ["--dev", "--", "--locked", "--features", "faults"],
  },
};
const variant = process.argv.includes("--faults") ? variants.faults : variants.release;
const out = join(root, variant.out);
const stamp = join(out, ".inputs");

const digest = inputs();
if (existsSync(stamp) && readFileSync(stamp, "utf8") === digest) {
  console.log(`${variant.out} is up to date`);
} else {
  compile();
  mkdirSync(out, { recursive: true });
  write("edgegrant.wasm", readFileSync(join(root, variant.pkg, "edgegrant_bg.wasm")));
  write("glue.js", factory(readFileSync(join(root, variant.pkg, "edgegrant.js"), "utf8")));
  write("glue.d.ts", declaration(variant.types));
  // Last, so that an interrupted build is done again.
  writeFileSync(stamp, digest);
}

function compile() {
  const [profile, ...rest] = variant.flags;
  const args = ["build", "--mode", "no-install", "--target", "no-modules", profile, "--out-dir", variant.pkg];
  const { status, error } = spawnSync("wasm-pack", [...args, "--no-typescript", "--no-pack", ".", ...rest], {
    cwd: root,
    stdio: "inherit",
    env: { ...process.env, PATH: join(root, ".tools/bin") + delimiter + process.env.PATH },
  });
  if (error) console.error(`wasm-pack: ${error.message}; "make setup" installs it`);
  if (status !== 0) process.exit(status ?? 1);
}

/** The `no-modules` glue declares `wasm_bindgen`, a function that carries the exports. */
function factory(glue) {
  if (!/^let wasm_bindgen = /.test(glue))
    throw new Error("wasm-bindgen's glue has another form than expected");
  return `export default function (module) {
${glue}
wasm_bindgen.initSync({ module });
return wasm_bindgen;
}
`;
}

function declaration(types) {
  return `import type { Core } from "${types}";

/** Makes a fresh instance, independent of all others. */
export default function (module: WebAssembly.Module): Core;
`;
}

function write(name, content) {
  writeFileSync(join(out, name), content);
}

/** A digest of all that decides what is built, this file included. */
function inputs() {
  const hash = createHash("sha256");
  const sources = readdirSync(join(root, "src"), { recursive: true }).map((name) => join("src", name));
  const others = ["Cargo.toml", "Cargo.lock", "rust-toolchain.toml", "scripts/build_core.mjs"];
  for (const name of [...sources.sort(), ...others]) {
    const file = join(root, name);
    if (!statSync(file).isFile()) continue;
    const content = readFileSync(file);
    hash.update(`${name} ${content.length}\n`).update(content);
  }
  return hash.digest("hex");
}
