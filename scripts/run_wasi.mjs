// Runs a test program compiled for wasm32-wasip1; cargo calls it (.cargo/config.toml):
//
//   node scripts/run_wasi.mjs PROGRAM.wasm ARGUMENT...
//
// The program has this process's environment and files, and its status becomes this process's.
import { readFile } from "node:fs/promises";
import { WASI } from "node:wasi";

const args = process.argv.slice(2);
// A panic is a trap, and ends the program before the harness shows what it has captured.
const env = { ...process.env, RUST_TEST_NOCAPTURE: "1" };
const wasi = new WASI({ version: "preview1", args, env, preopens: { "/": "/" } });
const { instance } = await WebAssembly.instantiate(await readFile(args[0]), wasi.getImportObject());
process.exitCode = wasi.start(instance);
