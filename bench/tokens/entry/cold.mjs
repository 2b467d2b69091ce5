// How long a fresh Node process takes to compile and to instantiate the verifier's module: milliseconds, as JSON.
import { readFileSync } from "node:fs";
import instantiate from "../../../dist/core/verifier.js";

const octets = readFileSync(new URL("../../../dist/core/verifier.wasm", import.meta.url));
const began = performance.now();
const module = new WebAssembly.Module(octets);
const compiled = performance.now();
instantiate(module);
console.log(JSON.stringify({ compile: compiled - began, instantiate: performance.now() - compiled }));
