// Compiles the core to WebAssembly and writes the modules, each with its glue as a factory.
//
//   node scripts/build_core.mjs            into js/core: the server, the verifier, the inspection
//   node scripts/build_core.mjs --faults   into tests/js/core: the server, with paths that trap on purpose
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
  server: {
    out: "js/core",
    wasm: "edgegrant.wasm",
    glue: "glue",
    types: ["Core", "../types.ts"],
    flags: ["--release", "--", "--locked"],
  },
  verifier: {
    out: "js/core",
    wasm: "verifier.wasm",
    glue: "verifier",
    types: ["VerifierCore", "../verify/core.ts"],
    flags: [
      "--profile=verifier",
      "--",
      "--locked",
      "--no-default-features",
      "--features=verifier,all-algorithms",
    ],
  },
  inspector: {
    out: "js/core",
    wasm: "inspector.wasm",
    glue: "inspector",
    types: ["InspectorCore", "../inspect/types.ts"],
    flags: ["--release", "--", "--locked", "--no-default-features", "--features=inspector,all-algorithms"],
  },
  // Unoptimized, and so built from the same compiled dependencies as the tests.
  faults: {
    out: "tests/js/core",
    wasm: "edgegrant.wasm",
    glue: "glue",
    types: ["Core", "../../../js/types.ts"],
    flags: ["--dev", "--", "--locked", "--features", "faults"],
  },
};
const digest = inputs();
for (const name of process.argv.includes("--faults") ? ["faults"] : ["server", "verifier", "inspector"]) {
  const { out, wasm, glue, types, flags } = variants[name];
  const stamp = join(root, out, `.${name}`);
  if (existsSync(stamp) && readFileSync(stamp, "utf8") === digest) {
    console.log(`${out}/${wasm} is up to date`);
    continue;
  }
  const pkg = join("pkg", name);
  compile(pkg, flags);
  mkdirSync(join(root, out), { recursive: true });
  const write = (file, content) => writeFileSync(join(root, out, file), content);
  write(wasm, readFileSync(join(root, pkg, "edgegrant_bg.wasm")));
  write(`${glue}.js`, factory(readFileSync(join(root, pkg, "edgegrant.js"), "utf8")));
  write(`${glue}.d.ts`, declaration(...types));
  // Last, so that an interrupted build is done again.
  writeFileSync(stamp, digest);
}

function compile(pkg, [profile, ...rest]) {
  const args = ["build", "--mode", "no-install", "--target", "no-modules", profile, "--out-dir", pkg];
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

function declaration(type, file) {
  return `import type { ${type} } from "${file}";

/** Makes a fresh instance, independent of all others. */
export default function (module: WebAssembly.Module): ${type};
`;
}

/** A digest of all that decides what is built, this file included. */
function inputs() {
  const hash = createHash("sha256");
  const sources = readdirSync(join(root, "src"), { recursive: true }).map((name) => join("src", name));
  const others = [
    ".cargo/config.toml",
    "Cargo.toml",
    "Cargo.lock",
    "rust-toolchain.toml",
    "scripts/build_core.mjs",
  ];
  for (const name of [...sources.sort(), ...others]) {
    const file = join(root, name);
    if (!statSync(file).isFile()) continue;
    const content = readFileSync(file);
    hash.update(`${name} ${content.length}\n`).update(content);
  }
  return hash.digest("hex");
}
